/** Changes cells of a label file, each only where the file still says what was seen; all other bytes stay. */
import { errors, reasonOf } from '../errors/errors.js';
import { ChangedSince, replaceFile, untilUnchanged } from '../core/replaceFile.js';
import type { CellChange } from '../../shared/imageChange.js';
import type { ErrorInfo } from '../protocol.js';
import type { LabelFileSpec } from './dataset.js';
import { bytesWith, type Cell, cellsIn } from './labelCells.js';
import { openLabelFile, type OpenLabelFile } from './labelFile.js';
import type { LabelRow } from './labelTable.js';

export interface Written {
  /** The images whose rows are changed now. */
  done: string[];
  left: ErrorInfo[];
}

/** The cells of each row of an opened file, in its columns' order. */
export function cellsOfRows({ table }: Pick<OpenLabelFile, 'table'>) {
  const located = cellsIn(table.bytes);
  const byRow = new Map<LabelRow, Cell[]>();
  table.rows.forEach((row, i) => {
    const cells = located.rows[i + 1];
    if (cells?.map(({ value }) => value).join('\0') !== row.cells.join('\0'))
      throw new Error(`Line ${row.place.line} of ${table.file} is read in two ways`);
    byRow.set(row, cells);
  });
  return { ...located, byRow };
}

export interface WriteOptions {
  /** The process that was asked before ended without an answer: what it has written counts as done now. */
  isAgain?: boolean | undefined;
  signal?: AbortSignal;
}

/** Throws a UserError where the file cannot be read or written; it is then as it was. */
export const writeCells = (
  spec: LabelFileSpec,
  changes: readonly CellChange[],
  o: WriteOptions = {},
): Promise<Written> => untilUnchanged(() => writeOnce(spec, changes, o));

async function writeOnce(
  spec: LabelFileSpec,
  changes: readonly CellChange[],
  { isAgain, signal }: WriteOptions,
): Promise<Written> {
  const opened = await openLabelFile(spec, undefined, { problems: [], signal });
  const { table, rows } = opened;
  const { text, byRow } = cellsOfRows(opened);
  const rowOf = new Map(rows.map(({ row, path }) => [path, row]));
  const written: Written = { done: [], left: [] };
  const edits: { cell: Cell; after: string }[] = [];
  for (const { path, column, before, after } of changes) {
    const row = rowOf.get(path);
    const place = table.columns.indexOf(column);
    const cell = row && place >= 0 ? byRow.get(row)![place] : undefined;
    const now = cell && text.slice(cell.start, cell.end);
    if (!row || !cell) written.left.push(errors.change.rowGone(table.file, path).toInfo());
    else if (isAgain && now === after) written.done.push(path);
    else if (now !== before) written.left.push(errors.change.cellChanged(row.place, path).toInfo());
    else {
      edits.push({ cell, after });
      written.done.push(path);
    }
  }
  signal?.throwIfAborted();
  if (edits.length > 0)
    await replaceFile(table.file, bytesWith(table.bytes, text, edits), table.bytes).catch((error: unknown) => {
      if (error instanceof ChangedSince) throw error;
      throw errors.change.notWritten(table.file, reasonOf(error));
    });
  return written;
}
