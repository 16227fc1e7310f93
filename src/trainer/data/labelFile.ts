/**
 * Finds a dataset by its label file: a CSV table of images in a folder, with columns of labels and perhaps of splits.
 */
import type { LabelFileSpec } from './dataset.js';
import { stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { errors } from '../errors/errors.js';
import type { ColumnUse, SplitName, Task } from '../protocol.js';
import { countLabels, isPlain, spansOf } from '../core/tasks.js';
import { list, imagesBelow, type Walk } from './folder.js';
import { columnKnownAs, columnNamed, readLabelTable, type LabelRow, type LabelTable } from './labelTable.js';
import { sortNaturally } from './naturalOrder.js';
import { questionsOf, questionsOfTasks, type Question } from './questions.js';
import { Samples } from './samples.js';
import type { Dataset, ScanOptions } from './dataset.js';
import { splitNamed, splitOff, splitOffCombined } from './split.js';

export const defaultLabelFile = 'labels.csv';
/** Names by which the column of the images is recognised. */
const imageNames = ['image', 'file', 'file_name', 'filename', 'path', 'image_path'];

/** A row with its image, before its labels have numbers. */
interface Entry {
  row: LabelRow;
  path: string;
  split: SplitName;
  /** For each question. */
  answers: (string[] | undefined)[];
}

/**
 * Throws a UserError where no training (or, with `tasks`, no evaluation) could come of it; rows that are left out are
 * in `problems`.
 */
export async function scanLabelFile(spec: LabelFileSpec, options: ScanOptions, walk: Walk): Promise<Dataset> {
  const root = resolve(spec.folder);
  // Says in words what is wrong with the folder, which looking below it does not.
  await list(root, { problems: [] });
  const found = await imagesBelow(root, walk);
  const table = await readLabelTable(resolve(root, spec.labels ?? defaultLabelFile));
  const { tasks: given } = options;
  const image = spec.image === undefined ? columnKnownAs(table, imageNames) : columnNamed(table, spec.image);
  if (image === undefined) throw errors.labelFile.noImageColumn(table.file, table.columns);
  const questions = given ? questionsOfTasks(table, given) : questionsOf(table, spec);
  const split = splitColumn(table, spec.split, walk);

  const entries: Entry[] = [];
  for (const { row, path } of await imagesOfRows(root, table, image, found, walk)) {
    const name = split === undefined ? '' : row.cells[split]!;
    const unsplit = given && options.validationSplit === 0 ? 'test' : 'train';
    const place = split === undefined || !name ? unsplit : splitNamed(name);
    if (!place) throw errors.labelFile.splitUnknown(row.place, table.columns[split!]!, name);
    const answers = questions.map((question) => question.answer(row));
    if (answers.some((answer) => answer)) entries.push({ row, path, split: place, answers });
    else walk.problems.push(errors.labelFile.rowUnlabelled(row.place, row.cells[image]!).toInfo());
  }
  const inTraining = entries.filter((entry) => entry.split === 'train');
  if (entries.length === 0 || (!given && inTraining.length === 0)) throw errors.labelFile.noImages(table.file, root);

  const tasks = given
    ? given.map((task) => ({ ...task }))
    : questions.map((question, i) => taskOf(question, i, inTraining, table, walk));
  const splits = numbered(entries, tasks, (row, label) =>
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
  const columns = table.columns.map((name, i) => {
    const values = new Set(table.rows.map(({ cells }) => cells[i]!));
    const empty = table.rows.filter(({ cells }) => !cells[i]).length;
    values.delete('');
    return { name, use: useOf(i, image, split, questions), values: values.size, empty };
  });
  return {
    root,
    labels: tasks[0]!.labels,
    tasks,
    splits,
    splitOrigin: seeded ? 'seeded' : 'folders',
    problems: walk.problems,
    columns,
  };
}

function useOf(column: number, image: number, split: number | undefined, questions: readonly Question[]): ColumnUse {
  if (column === image) return 'image';
  if (column === split) return 'split';
  return questions.some(({ columns }) => columns.includes(column)) ? 'label' : 'unused';
}

/** The column of the splits: the one that is named, or one called `split` if it holds nothing else. */
function splitColumn(table: LabelTable, name: string | undefined, walk: Walk): number | undefined {
  if (name !== undefined) return columnNamed(table, name);
  const column = columnKnownAs(table, ['split']);
  if (column === undefined) return undefined;
  const strange = table.rows.map(({ cells }) => cells[column]!).find((value) => value && !splitNamed(value));
  if (strange === undefined) return column;
  walk.problems.push(errors.labelFile.splitIgnored(table.file, table.columns[column]!, strange).toInfo());
  return undefined;
}

/**
 * Each row with its image, in the order of the rows. What is outside the folder, not there or listed before is left
 * out and noted.
 */
async function imagesOfRows(
  root: string,
  table: LabelTable,
  image: number,
  found: readonly string[],
  walk: Walk,
): Promise<{ row: LabelRow; path: string }[]> {
  const { problems } = walk;
  const byPath = new Map(found.map((path) => [path.normalize('NFC'), path]));
  const rootPath = root.normalize('NFC');
  const used = new Map<string, LabelRow>();
  const result: { row: LabelRow; path: string }[] = [];
  for (const row of table.rows) {
    const cell = row.cells[image]!;
    // A file that was made on Windows has its paths with backslashes.
    const wanted = [cell, cell.replaceAll('\\', '/')].map((name) => resolve(rootPath, name));
    const path = byPath.get(wanted[0]!) ?? byPath.get(wanted[1]!);
    const earlier = path === undefined ? undefined : used.get(path);
    if (!cell || isOutside(rootPath, wanted[1]!))
      problems.push(errors.labelFile.imageOutside(row.place, cell, root).toInfo());
    else if (path === undefined) problems.push((await whyMissing(row, cell, wanted[0]!)).toInfo());
    else if (earlier) {
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

function isOutside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || /^\.\.(?:$|[\\/])/.test(way) || isAbsolute(way);
}

async function whyMissing({ place }: LabelRow, cell: string, path: string) {
  // A name with a NUL in it cannot even be looked for.
  const isThere = await stat(path).then(
    (status) => status.isFile(),
    () => false,
  );
  return isThere ? errors.labelFile.notImage(place, cell) : errors.labelFile.imageMissing(place, cell);
}

function taskOf(question: Question, index: number, entries: readonly Entry[], { file }: LabelTable, walk: Walk): Task {
  const counts = new Map<string, number>((question.labels ?? []).map((label) => [label, 0]));
  for (const { answers } of entries)
    for (const label of answers[index] ?? []) counts.set(label, (counts.get(label) ?? 0) + 1);
  const { task: name, multiLabel } = question;
  const answered = entries.filter(({ answers }) => answers[index]).length;
  for (const [label, count] of counts) {
    if (question.labels && (count === 0 || count === answered))
      throw errors.labelFile.oneValue(file, label, count === 0 ? '0' : '1');
    if (count === 1) walk.problems.push(errors.labelFile.labelOnce(file, name, label).toInfo());
  }
  if (counts.size < (multiLabel ? 1 : 2)) throw errors.labelFile.oneValue(file, name, [...counts.keys()][0] ?? '');
  return { name, labels: question.labels ?? sortNaturally([...counts.keys()], (label) => label), multiLabel };
}

/** The entries as samples, their labels by number. */
function numbered(
  entries: readonly Entry[],
  tasks: readonly Task[],
  unknown: (row: LabelRow, label: string) => Error,
): Record<SplitName, Samples> {
  const splits: Record<SplitName, Samples> = { train: new Samples(), validation: new Samples(), test: new Samples() };
  const numbers = spansOf(tasks).map(
    ({ task, start }) => new Map(task.labels.map((label, i) => [label.normalize('NFC'), start + i])),
  );
  for (const { row, path, split, answers } of entries) {
    const marks = answers.map((labels, i) =>
      (labels ?? []).map((label) => {
        const number = numbers[i]!.get(label);
        if (number === undefined) throw unknown(row, label);
        return number;
      }),
    );
    splits[split].push(path, {
      label: tasks[0]!.multiLabel ? -1 : (marks[0]![0] ?? -1),
      marks: marks.flat().sort((a, b) => a - b),
    });
  }
  return splits;
}
