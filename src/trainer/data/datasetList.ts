/** The list of a dataset's images for the editor's grid: labels, splits and marks; and the columns that take longer. */
import { availableParallelism } from 'node:os';
import { stat, readFile, writeFile } from 'node:fs/promises';
import { spansOf } from '../core/tasks.js';
import { ImageList, type ImageColumn } from '../../shared/imageList.js';
import { ChoiceBuilder, ImageListBuilder } from '../../shared/imageListBuilder.js';
import type { ImageMark, SplitName, Task } from '../protocol.js';
import { forEachConcurrently } from './concurrently.js';
import type { Dataset } from './dataset.js';
import { sortNaturally } from './naturalOrder.js';
import { targetsOf, type Labels } from './sample.js';

const splitNames: readonly SplitName[] = ['train', 'validation', 'test'];

/** The labels of an image, task by task, as columns `label`. */
export class LabelColumns {
  readonly columns: ChoiceBuilder[];
  readonly #spans;

  constructor(tasks: readonly Task[]) {
    this.#spans = spansOf(tasks);
    this.columns = tasks.map(
      ({ name, labels, multiLabel }) =>
        new ChoiceBuilder({ id: 'label', ...(tasks.length > 1 && { task: name }) }, labels, multiLabel),
    );
  }

  /** `targets` are numbers of labels, counted through all tasks. */
  set(row: number, targets: readonly number[]): void {
    this.#spans.forEach(({ task, start, end }, t) => {
      const own = targets.filter((target) => target >= start && target < end).map((target) => target - start);
      if (task.multiLabel) this.columns[t]!.setSeveral(row, own);
      else if (own[0] !== undefined) this.columns[t]!.set(row, task.labels[own[0]]!);
    });
  }
}

/**
 * All images of a dataset in the order of its splits and classes; with `only` those that have a mark. `placeOf` is how
 * their paths are written.
 */
export async function datasetList(
  { tasks, splits }: Dataset,
  marks: readonly ImageMark[],
  only: boolean,
  placeOf: (path: string) => string = (path) => path,
): Promise<ImageList> {
  const builder = new ImageListBuilder();
  const labels = new LabelColumns(tasks);
  const split = new ChoiceBuilder({ id: 'split' }, splitNames);
  const marked = new Marks(marks);
  const add = (path: string, own?: Labels, part?: SplitName): void => {
    const row = builder.add(placeOf(path));
    if (own) labels.set(row, targetsOf(own));
    if (part) split.set(row, part);
    marked.set(row, path);
  };
  if (only) await listMarked(splits, marks, add);
  else
    for (const part of splitNames) {
      const samples = splits[part];
      for (let row = 0; row < samples.length; row++) add(samples.pathAt(row), samples.labelsAt(row), part);
    }
  return builder.list([...labels.columns, split, ...marked.columns]);
}

/** The marked images in the order of their marks; also those that are no part of the dataset. */
async function listMarked(
  splits: Dataset['splits'],
  marks: readonly ImageMark[],
  add: (path: string, own?: Labels, part?: SplitName) => void,
): Promise<void> {
  const paths = [...new Set(marks.map(({ path }) => path))];
  const wanted = new Set(paths);
  const found = new Map<string, [Labels, SplitName]>();
  for (const part of splitNames)
    for (const { path, ...own } of splits[part]) if (wanted.has(path)) found.set(path, [own, part]);
  for (const path of paths) {
    const known = found.get(path);
    if (known) add(path, ...known);
    // A mark may also be of a folder.
    else if ((await stat(path).catch(() => undefined))?.isFile()) add(path);
  }
}

/** What is said of an image, and which images belong together, as columns. */
class Marks {
  readonly #byPath = new Map<string, ImageMark[]>();
  readonly #mark = new ChoiceBuilder({ id: 'mark' });
  readonly #group = new ChoiceBuilder({ id: 'group' });

  constructor(private readonly marks: readonly ImageMark[]) {
    for (const mark of marks) this.#byPath.set(mark.path, [...(this.#byPath.get(mark.path) ?? []), mark]);
  }

  set(row: number, path: string): void {
    const own = this.#byPath.get(path);
    if (!own) return;
    this.#mark.set(row, own.map(({ message }) => message).join(' '));
    const group = own.find((mark) => mark.group !== undefined)?.group;
    if (group !== undefined) this.#group.set(row, group);
  }

  get columns(): ChoiceBuilder[] {
    if (!this.marks.length) return [];
    return this.marks.some(({ group }) => group !== undefined) ? [this.#mark, this.#group] : [this.#mark];
  }
}

/** Writes a list to a file, which nobody else reads yet. */
export async function writeImageList(file: string, list: ImageList): Promise<void> {
  await writeFile(file, list.toBytes());
}

export async function readImageList(file: string): Promise<ImageList> {
  const { buffer, byteOffset, byteLength } = await readFile(file);
  return ImageList.of(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}

/** Bytes and time of change of each file; where a file is gone there is neither. */
export async function fileColumns(
  list: ImageList,
  signal?: AbortSignal,
  onProgress?: (done: number, total: number) => void,
): Promise<ImageColumn[]> {
  const size = new Float64Array(list.length).fill(NaN);
  const date = new Float64Array(list.length).fill(NaN);
  let done = 0;
  let reported = 0;
  await forEachConcurrently(list.length, Math.min(4, availableParallelism()), signal, async (row) => {
    const status = await stat(list.pathAt(row)).catch(() => undefined);
    if (status) {
      size[row] = status.size;
      date[row] = status.mtimeMs;
    }
    done++;
    if (performance.now() - reported < 100) return;
    reported = performance.now();
    onProgress?.(done, list.length);
  });
  return [
    { id: 'size', kind: 'number', format: 'bytes', data: size },
    { id: 'date', kind: 'number', format: 'date', data: date },
  ];
}

/** The place of each file name in the natural order of all. */
export function nameColumns(list: ImageList): ImageColumn[] {
  const rows = sortNaturally(
    Array.from({ length: list.length }, (_, row) => ({ row, name: list.nameAt(row) })),
    ({ name }) => name,
  );
  const data = new Float64Array(list.length);
  rows.forEach(({ row }, place) => (data[row] = place));
  return [{ id: 'name', kind: 'number', format: 'rank', data }];
}
