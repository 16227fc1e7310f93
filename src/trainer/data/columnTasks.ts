/**
 * The tasks that the columns of a label file make: one for each column of labels, or a multi-label task from a column
 * with several labels or from columns of 0 and 1.
 */
import { errors } from '../errors/errors.js';
import type { Task } from '../protocol.js';
import { columnKnownAs, columnNamed, type LabelRow, type LabelTable } from './labelTable.js';

export interface ColumnTask {
  task: string;
  multiLabel: boolean;
  /** The labels, where the file's header gives them. */
  labels?: string[];
  /** The columns it reads. */
  columns: number[];
  /** The labels of a row; undefined where the row has none for this task. */
  labelsOf(row: LabelRow): string[] | undefined;
}

/** The columns of labels as a config names them. */
export interface LabelColumns {
  columns?: string[] | undefined;
  multiLabel?: string | string[] | undefined;
}

/** Names by which the column is recognised where the config names none. */
const labelNames = ['label', 'class', 'category', 'target'];

/** The name of a task made of columns of 0 and 1. */
const flagsTask = 'labels';

const yes = new Set(['1', 'true', 'yes']);
const no = new Set(['0', 'false', 'no', '']);

/** A label with its line breaks as spaces: lists, tables and config.json show labels on one line. */
export const onOneLine = (label: string): string => label.replaceAll(/\s*[\r\n]+\s*/g, ' ');

function oneLabel(table: LabelTable, column: number): ColumnTask {
  return {
    task: table.columns[column]!,
    multiLabel: false,
    columns: [column],
    labelsOf: ({ cells }) => (cells[column] ? [onOneLine(cells[column])] : undefined),
  };
}

/** Labels with `;` or `|` between them. */
function severalLabels(table: LabelTable, column: number): ColumnTask {
  const labelsOf = ({ cells }: LabelRow) => [
    ...new Set(
      onOneLine(cells[column]!)
        .split(/[;|]/)
        .map((label) => label.trim())
        .filter(Boolean),
    ),
  ];
  return { task: table.columns[column]!, multiLabel: true, columns: [column], labelsOf };
}

/** A column for each label, with 1 where it is there and 0 where not. */
function flags(table: LabelTable, columns: number[], task: string): ColumnTask {
  const labels = columns.map((column) => table.columns[column]!);
  const labelsOf = ({ cells, place }: LabelRow) =>
    labels.filter((label, i) => {
      const cell = cells[columns[i]!]!.toLowerCase();
      if (!yes.has(cell) && !no.has(cell)) throw errors.labelFile.notBinary(place, label, cells[columns[i]!]!);
      return yes.has(cell);
    });
  return { task, multiLabel: true, labels, columns, labelsOf };
}

/** The tasks of the columns that a config names; without any, of the column that is called `label`. */
export function columnTasks(table: LabelTable, { columns, multiLabel }: LabelColumns): ColumnTask[] {
  const tasks = [...new Set(columns ?? [])].map((name) => oneLabel(table, columnNamed(table, name)));
  if (typeof multiLabel === 'string') tasks.push(severalLabels(table, columnNamed(table, multiLabel)));
  else if (multiLabel)
    tasks.push(
      flags(
        table,
        [...new Set(multiLabel)].map((name) => columnNamed(table, name)),
        flagsTask,
      ),
    );
  if (tasks.length > 0) return tasks;
  const known = columnKnownAs(table, labelNames);
  if (known === undefined) throw errors.labelFile.noLabelColumn(table.file, table.columns);
  return [oneLabel(table, known)];
}

/** The columns that the tasks of an existing model are learnt from: they are named after their columns. */
export function columnTasksOf(table: LabelTable, tasks: readonly Task[]): ColumnTask[] {
  return tasks.map(({ name, labels, multiLabel }) => {
    if (!multiLabel) return oneLabel(table, columnNamed(table, name));
    if (table.columns.includes(name)) return severalLabels(table, columnNamed(table, name));
    return flags(
      table,
      labels.map((label) => columnNamed(table, label)),
      name,
    );
  });
}
