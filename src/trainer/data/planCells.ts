/** Plans a change of images that a label file names: which cell of which row becomes what. */
import { errors } from '../errors/errors.js';
import type { CellChange, ImageChange, ImagePlan } from '../../shared/imageChange.js';
import type { SplitName } from '../protocol.js';
import type { Dataset } from './dataset.js';
import { cellOf } from './labelCells.js';
import { openLabelFile, type OpenLabelFile } from './labelFile.js';
import type { Changing } from './usableAfter.js';
import { splitsNamed } from './splitNames.js';
import { cellsOfRows } from './writeCells.js';

/** The label is that of the first task; cells keep their quotes. */
export async function planCells(
  dataset: Dataset,
  change: ImageChange,
  changing: readonly Changing[],
  signal: AbortSignal | undefined,
): Promise<Pick<ImagePlan, 'cells'>> {
  const file = dataset.labelFile!;
  const opened = await openLabelFile({ folder: dataset.root, labels: file }, undefined, { problems: [], signal });
  const { text, delimiter, byRow } = cellsOfRows(opened);
  const rowOf = new Map(opened.rows.map(({ row, path }) => [path, row]));
  const isSplit = change.kind === 'split';
  if (isSplit && !opened.split) throw errors.change.noSplitColumn(file);
  const place = isSplit ? opened.split!.column : opened.tasks[0]!.columns[0]!;
  const word = isSplit ? splitWord(opened, change.split) : undefined;
  const cells = changing.map(({ path, to }): CellChange => {
    const cell = byRow.get(rowOf.get(path)!)![place]!;
    const before = text.slice(cell.start, cell.end);
    return { path, column: opened.table.columns[place]!, before, after: cellOf(word ?? to!.label, delimiter, before) };
  });
  return { cells };
}

/** The word that the column of splits has most often for a split, else its plain name. */
function splitWord({ table, split }: OpenLabelFile, wanted: SplitName): string {
  const { column, splitOf } = split!;
  const counts = new Map<string, number>();
  for (const row of table.rows)
    if (splitOf(row) === wanted) counts.set(row.cells[column]!, (counts.get(row.cells[column]!) ?? 0) + 1);
  const [known] = [...counts].sort((a, b) => b[1] - a[1]);
  if (known) return known[0];
  const values = new Set(table.rows.map(({ cells }) => cells[column]!).filter(Boolean));
  const before = splitsNamed(values);
  const after = splitsNamed([...values, wanted]);
  const isSame = after.get(wanted) === wanted && [...before].every(([value, meant]) => after.get(value) === meant);
  if (!isSame) throw errors.change.splitAmbiguous(table.file, wanted);
  return wanted;
}
