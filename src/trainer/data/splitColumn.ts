/** The splits of a label file: by a column, or by the folders that its images lie in. */
import { relative, sep } from 'node:path';
import { errors } from '../errors/errors.js';
import type { ErrorInfo, SplitName } from '../protocol.js';
import { columnKnownAs, columnNamed, type LabelRow, type LabelTable } from './labelTable.js';
import { splitsNamed } from './splitNames.js';

export interface SplitColumn {
  column: number;
  /** Undefined where the row names none. */
  splitOf: (row: LabelRow) => SplitName | undefined;
}

/**
 * The column of the splits: the one that is named, else one called `split`. Throws a UserError where its values are not
 * splits.
 */
export function splitColumnOf(
  table: LabelTable,
  name: string | undefined,
  used: ReadonlySet<number>,
  problems: ErrorInfo[],
): SplitColumn | undefined {
  const column = name === undefined ? recognised(table, used) : columnNamed(table, name);
  if (column === undefined) {
    noteUnused(table, used, problems);
    return undefined;
  }
  const values = valuesOf(table, column);
  const splits = splitsNamed(values);
  const title = table.columns[column]!;
  const [only] = values;
  // What each row says parts nothing: the word of a project for what it works with, such as "dev" or "all".
  const saysNothing = values.size === 1 && !/^(?:train|val|test)/i.test(only!);
  if (name === undefined && saysNothing) {
    problems.push(errors.labelFile.splitIgnored(table.file, title, only!).toInfo());
    noteUnused(table, used, problems);
    return undefined;
  }
  const strange = table.rows.find(({ cells }) => cells[column] && !splits.has(cells[column]));
  if (strange) throw errors.labelFile.splitUnknown(strange.place, title, strange.cells[column]!);
  const empty = table.rows.filter(({ cells }) => !cells[column]).length;
  if (values.size > 0 && empty > 0) problems.push(errors.labelFile.splitEmpty(table.file, title, empty).toInfo());
  return { column, splitOf: ({ cells }) => splits.get(cells[column]!) };
}

/** A column called `split`, or one with another usual name that holds nothing but splits. */
function recognised(table: LabelTable, used: ReadonlySet<number>): number | undefined {
  const split = columnKnownAs(table, ['split']);
  if (split !== undefined) return split;
  const other = columnKnownAs(table, ['set', 'subset', 'partition']);
  return other !== undefined && !used.has(other) && holdsSplits(table, other) ? other : undefined;
}

function holdsSplits(table: LabelTable, column: number): boolean {
  const values = valuesOf(table, column);
  if (values.size < 2 || values.size > 10) return false;
  return splitsNamed(values).size === values.size;
}

const valuesOf = ({ rows }: LabelTable, column: number): Set<string> =>
  new Set(rows.map(({ cells }) => cells[column]!).filter(Boolean));

/** Notes columns that hold names of splits under another title. */
function noteUnused(table: LabelTable, used: ReadonlySet<number>, problems: ErrorInfo[]): void {
  for (const [column, title] of table.columns.entries()) {
    if (!used.has(column) && holdsSplits(table, column))
      problems.push(errors.labelFile.splitUnused(table.file, title).toInfo());
  }
}

/** The splits of images by the outermost folders they lie in, where one of these is for training and another is not. */
export function splitsByFolder(
  root: string,
  images: readonly { path: string }[],
): ((path: string) => SplitName | undefined) | undefined {
  const outermost = (path: string): string => relative(root, path).split(sep)[0]!;
  const splits = splitsNamed(new Set(images.map(({ path }) => outermost(path))));
  const names = new Set(splits.values());
  return names.has('train') && names.size > 1 ? (path) => splits.get(outermost(path)) : undefined;
}
