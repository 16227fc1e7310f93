/**
 * Finds a dataset by its label file: a CSV table of images in a folder, with columns of labels and perhaps of splits.
 */
import type { Dataset, LabelFileSpec, ScanOptions } from './dataset.js';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errors } from '../errors/errors.js';
import type { ColumnUse, SplitName, Task } from '../protocol.js';
import { countLabels, isPlain, spansOf } from '../core/tasks.js';
import { type ColumnTask, columnTasks, columnTasksOf, onOneLine } from './columnTasks.js';
import { list, imagesBelow, type Walk } from './folder.js';
import { columnKnownAs, columnNamed, readLabelTable, type LabelRow, type LabelTable } from './labelTable.js';
import { isOutside, keyOf, placesOf } from './namedPaths.js';
import { sortNaturally } from './naturalOrder.js';
import { Samples } from './samples.js';
import { splitOff, splitOffCombined } from './split.js';
import { type SplitColumn, splitColumnOf, splitsByFolder } from './splitColumn.js';

export const defaultLabelFile = 'labels.csv';
/** Names by which the column of the images is recognised. */
const imageNames = [
  'image',
  'file',
  'file_name',
  'filename',
  'path',
  'image_path',
  'image_name',
  'filepath',
  'file_path',
  'img',
  'img_path',
];

/** A row with its image, before its labels have numbers. */
interface LabelledImage {
  row: LabelRow;
  path: string;
  split: SplitName;
  /** For each task. */
  labels: (string[] | undefined)[];
}

/** A label file whose columns are known, and the image of each row that has one. */
export interface OpenLabelFile {
  root: string;
  table: LabelTable;
  /** The column of the images. */
  image: number;
  tasks: ColumnTask[];
  split: SplitColumn | undefined;
  rows: { row: LabelRow; path: string }[];
}

/** Throws a UserError where the file cannot be read; rows that are left out are in the problems of the walk. */
export async function openLabelFile(
  spec: LabelFileSpec,
  given: readonly Task[] | undefined,
  walk: Walk,
): Promise<OpenLabelFile> {
  const root = resolve(spec.folder);
  // Says in words what is wrong with the folder, which looking below it does not.
  const { folders } = await list(root, { problems: [] });
  const found = await imagesBelow(root, walk);
  const table = await readLabelTable(resolve(root, spec.labels ?? defaultLabelFile));
  const image = spec.image === undefined ? columnKnownAs(table, imageNames) : columnNamed(table, spec.image);
  if (image === undefined) throw errors.labelFile.noImageColumn(table.file, table.columns);
  const tasks = given ? columnTasksOf(table, given) : columnTasks(table, spec);
  const used = new Set([image, ...tasks.flatMap(({ columns }) => columns)]);
  const split = splitColumnOf(table, spec.split, used, walk.problems);
  noteLineBreaks(table, tasks, walk);
  const rows = await imagesOfRows(root, folders, table, image, found, walk);
  return { root, table, image, tasks, split, rows };
}

/**
 * Throws a UserError where no training (or, with `tasks`, no evaluation) could come of it; rows that are left out are
 * in `problems`.
 */
export async function scanLabelFile(spec: LabelFileSpec, options: ScanOptions, walk: Walk): Promise<Dataset> {
  const { tasks: given } = options;
  const { root, table, image, tasks: ofColumns, split, rows } = await openLabelFile(spec, given, walk);
  const unsplit = given && options.validationSplit === 0 ? 'test' : 'train';
  const byFolder = split ? undefined : splitsByFolder(root, rows);
  const images: LabelledImage[] = [];
  for (const { row, path } of rows) {
    const labels = ofColumns.map((task) => task.labelsOf(row));
    const place = (split ? split.splitOf(row) : byFolder?.(path)) ?? unsplit;
    if (labels.some((own) => own)) images.push({ row, path, split: place, labels });
    else walk.problems.push(errors.labelFile.rowUnlabelled(row.place, row.cells[image]!).toInfo());
  }
  const inTraining = images.filter((each) => each.split === 'train');
  if (images.length === 0 || (!given && inTraining.length === 0)) throw errors.labelFile.noImages(table.file, root);

  const tasks = given
    ? given.map((task) => ({ ...task }))
    : ofColumns.map((task, i) => taskOf(task, i, inTraining, table, walk));
  const splits = numbered(images, tasks, (row, label) =>
    given
      ? errors.labelFile.labelUnknownToModel(row.place, label)
      : errors.labelFile.labelUnknownToTraining(row.place, label),
  );
  const seeded = splits.validation.length === 0 && splits.train.length > 0;
  if (seeded) {
    const { validationSplit: share, seed } = options;
    Object.assign(
      splits,
      isPlain(tasks)
        ? splitOff(splits.train, tasks[0]!.labels, share, seed)
        : splitOffCombined(splits.train, countLabels(tasks), share, seed),
    );
  }
  const group = options.groupColumn === undefined ? undefined : columnNamed(table, options.groupColumn);
  const columns = table.columns.map((name, i) => {
    const values = new Set(table.rows.map(({ cells }) => cells[i]!));
    const empty = table.rows.filter(({ cells }) => !cells[i]).length;
    values.delete('');
    return { name, use: useOf(i, image, split?.column, ofColumns), values: values.size, empty };
  });
  return {
    root,
    labels: tasks[0]!.labels,
    tasks,
    splits,
    splitOrigin: seeded ? 'seeded' : 'folders',
    problems: walk.problems,
    labelFile: table.file,
    columns,
    ...(group === undefined ? {} : { groups: new Map(images.map(({ path, row }) => [path, row.cells[group]!])) }),
  };
}

function useOf(column: number, image: number, split: number | undefined, tasks: readonly ColumnTask[]): ColumnUse {
  if (column === image) return 'image';
  if (column === split) return 'split';
  return tasks.some(({ columns }) => columns.includes(column)) ? 'label' : 'unused';
}

/** Notes each label with a line break once. */
function noteLineBreaks({ rows }: LabelTable, tasks: readonly ColumnTask[], { problems }: Walk): void {
  const noted = new Set<string>();
  for (const { cells, place } of rows) {
    for (const column of tasks.flatMap(({ columns }) => columns)) {
      const label = onOneLine(cells[column]!);
      if (label === cells[column] || noted.has(label)) continue;
      noted.add(label);
      problems.push(errors.labelFile.lineBreak(place, label).toInfo());
    }
  }
}

/**
 * Each row with its image, in the order of the rows. What is outside the folder, not there or listed before is left
 * out and noted.
 */
async function imagesOfRows(
  root: string,
  folders: readonly string[],
  table: LabelTable,
  image: number,
  found: readonly string[],
  walk: Walk,
): Promise<{ row: LabelRow; path: string }[]> {
  const { problems } = walk;
  const byPath = new Map(found.map((path) => [keyOf(path), path]));
  const base = baseOf(root, folders, table, image, byPath);
  if (base !== root) problems.push(errors.labelFile.relativeTo(table.file, base).toInfo());
  const rootPath = root.normalize('NFC');
  const used = new Map<string, LabelRow>();
  const result: { row: LabelRow; path: string }[] = [];
  for (const row of table.rows) {
    const cell = row.cells[image]!;
    const wanted = placesOf(base, cell);
    const path = wanted.map((place) => byPath.get(keyOf(place))).find(Boolean);
    const earlier = path === undefined ? undefined : used.get(path);
    if (!cell || isOutside(rootPath, wanted[1]))
      problems.push(errors.labelFile.imageOutside(row.place, cell, root).toInfo());
    else if (path === undefined) {
      if (!wanted.some((place) => walk.excluded?.has(place)))
        problems.push((await whyMissing(row, cell, wanted[0])).toInfo());
    } else if (earlier) {
      const same = earlier.cells.join('\0') === row.cells.join('\0');
      problems.push(errors.labelFile.imageTwice(row.place, cell, earlier.place.line!, same).toInfo());
    } else {
      used.set(path, row);
      result.push({ row, path });
    }
  }
  if (used.size < found.length)
    problems.push(errors.labelFile.imagesUnlisted(table.file, found.length - used.size).toInfo());
  return result;
}

/**
 * The folder that the paths of the rows are relative to: the dataset's, unless no row names an image there and exactly
 * one folder inside holds more of them than the others.
 */
function baseOf(
  root: string,
  folders: readonly string[],
  { rows }: LabelTable,
  image: number,
  byPath: ReadonlyMap<string, string>,
): string {
  const countIn = (base: string): number =>
    rows.filter(({ cells }) => cells[image] && placesOf(base, cells[image]).some((place) => byPath.has(keyOf(place))))
      .length;
  if (folders.length === 0 || countIn(root) > 0) return root;
  const counts = folders.map((folder) => ({ folder, count: countIn(folder) })).sort((a, b) => b.count - a.count);
  return counts[0]!.count > (counts[1]?.count ?? 0) ? counts[0]!.folder : root;
}

async function whyMissing({ place }: LabelRow, cell: string, path: string) {
  // A name with a NUL in it cannot even be looked for.
  const isThere = await stat(path).then(
    (status) => status.isFile(),
    () => false,
  );
  return isThere ? errors.labelFile.notImage(place, cell) : errors.labelFile.imageMissing(place, cell);
}

function taskOf(
  { task: name, multiLabel, labels: own }: ColumnTask,
  index: number,
  images: readonly LabelledImage[],
  { file }: LabelTable,
  walk: Walk,
): Task {
  const counts = new Map<string, number>((own ?? []).map((label) => [label, 0]));
  for (const { labels } of images)
    for (const label of labels[index] ?? []) counts.set(label, (counts.get(label) ?? 0) + 1);
  const labelled = images.filter(({ labels }) => labels[index]).length;
  for (const [label, count] of counts) {
    if (own && (count === 0 || count === labelled))
      throw errors.labelFile.oneValue(file, label, count === 0 ? '0' : '1');
    if (count === 1) walk.problems.push(errors.labelFile.labelOnce(file, name, label).toInfo());
  }
  if (counts.size < (multiLabel ? 1 : 2)) throw errors.labelFile.oneValue(file, name, [...counts.keys()][0] ?? '');
  return { name, labels: own ?? sortNaturally([...counts.keys()], (label) => label), multiLabel };
}

/** The images as samples, their labels by number. */
function numbered(
  images: readonly LabelledImage[],
  tasks: readonly Task[],
  unknown: (row: LabelRow, label: string) => Error,
): Record<SplitName, Samples> {
  const splits: Record<SplitName, Samples> = { train: new Samples(), validation: new Samples(), test: new Samples() };
  const numbers = spansOf(tasks).map(
    ({ task, start }) => new Map(task.labels.map((label, i) => [label.normalize('NFC'), start + i])),
  );
  for (const { row, path, split, labels } of images) {
    const targets = labels.map((own, i) =>
      (own ?? []).map((label) => {
        const number = numbers[i]!.get(label);
        if (number === undefined) throw unknown(row, label);
        return number;
      }),
    );
    splits[split].push(path, {
      label: tasks[0]!.multiLabel ? -1 : (targets[0]![0] ?? -1),
      targets: targets.flat().sort((a, b) => a - b),
    });
  }
  return splits;
}
