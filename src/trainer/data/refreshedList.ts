/**
 * A list of images brought up to date with its dataset on disk: images that moved, got another label or split, are gone
 * or new. Rows keep their numbers.
 */
import { dirname } from 'node:path';
import { isThere } from '../core/files.js';
import { goneColumn, type ImageColumn, type ImageList } from '../../shared/imageList.js';
import { ChoiceBuilder, ImageListBuilder, NumberBuilder } from '../../shared/imageListBuilder.js';
import type { Move } from '../../shared/imageChange.js';

type Choice = Extract<ImageColumn, { kind: 'choice' }>;

/** Why an image is gone: it left the dataset, or was never part of it and is deleted. */
const [left, deleted] = ['left', 'deleted'];

/** What a dataset says anew; the other columns, such as predictions, stay with their images. */
const saidByDataset = new Set(['label', 'split']);

/** `fresh` is the whole list of the dataset. `moves` are of files or folders; with `grows` new images are added. */
export async function refreshedList(
  list: ImageList,
  fresh: ImageList,
  moves: readonly Move[],
  grows: boolean,
): Promise<ImageList> {
  const rows = new Map<string, number>();
  for (let row = 0; row < fresh.length; row++) rows.set(fresh.pathAt(row), row);
  const targets = new Map(moves.map(({ from, to }) => [from, to]));
  const builder = new ImageListBuilder();
  const gone = new ChoiceBuilder({ id: goneColumn });
  /** For each row that of the dataset; undefined: it is not in it. */
  const found: (number | undefined)[] = [];
  const split = list.choice('split');
  const earlier = list.choice(goneColumn);
  for (let row = 0; row < list.length; row++) {
    const path = targets.size > 0 ? movedPath(list.pathAt(row), targets) : list.pathAt(row);
    builder.add(path);
    const now = rows.get(path);
    found.push(now);
    if (now !== undefined) rows.delete(path);
    // A list of problems also has images that were never part of the dataset, and have no split.
    else if (split?.data[row] || earlier?.values[earlier.data[row]! - 1] === left) gone.set(row, left);
    else if (!(await isThere(path))) gone.set(row, deleted);
  }
  if (grows)
    for (const [path, now] of rows) {
      builder.add(path);
      found.push(now);
    }
  const columns = list.columns
    .filter(({ id }) => id !== goneColumn)
    .map((column) => {
      const anew =
        saidByDataset.has(column.id) && fresh.columns.find(({ id, task }) => id === column.id && task === column.task);
      return column.kind === 'number' ? numbersOf(column) : wordsOf(column, anew ? (anew as Choice) : undefined, found);
    });
  return builder.list([...columns, gone]);
}

/** Where a file is after it, or a folder that it lies in, was moved. */
function movedPath(path: string, targets: ReadonlyMap<string, string>): string {
  for (let part = path; ; part = dirname(part)) {
    const target = targets.get(part);
    if (target !== undefined) return target + path.slice(part.length);
    if (dirname(part) === part) return path;
  }
}

function numbersOf(column: Extract<ImageColumn, { kind: 'number' }>): NumberBuilder {
  const { data, kind: _, format, ...about } = column;
  const numbers = new NumberBuilder(about, format);
  data.forEach((value, row) => numbers.set(row, value));
  return numbers;
}

/** The words of a column: those of the dataset where it says them, else those from before. */
function wordsOf(before: Choice, anew: Choice | undefined, found: readonly (number | undefined)[]): ChoiceBuilder {
  const { data: _, kind: __, values: ___, parts, ...about } = before;
  const own = anew ?? before;
  const words = parts ? [...new Set([...(own.parts?.words ?? []), ...parts.words])] : own.values;
  const column = new ChoiceBuilder(about, words, parts !== undefined);
  found.forEach((now, row) => {
    // An image that is not in the dataset has no label or split there.
    if (anew && now === undefined) return;
    const value = anew ? anew.data[now!] : before.data[row];
    if (!value) return;
    if (!own.parts) column.set(row, own.values[value - 1]!);
    else
      column.setSeveral(
        row,
        own.parts.of[value - 1]!.map((part) => words.indexOf(own.parts!.words[part]!)),
      );
  });
  return column;
}
