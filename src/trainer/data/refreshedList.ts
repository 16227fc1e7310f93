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
  for (let row = 0; row < list.length; row++) {
    const path = targets.size > 0 ? movedPath(list.pathAt(row), targets) : list.pathAt(row);
    builder.add(path);
    const now = rows.get(path);
    found.push(now);
    if (now !== undefined) rows.delete(path);
    // A list of problems also has images that were never part of the dataset, and have no split.
    else if (split?.data[row] || !(await isThere(path))) gone.set(row, goneColumn);
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

/** The words of a column: those of the dataset where it has the image, else those from before. */
function wordsOf(before: Choice, anew: Choice | undefined, found: readonly (number | undefined)[]): ChoiceBuilder {
  const { data: _, kind: __, values: ___, parts, ...about } = before;
  const words = parts
    ? [...new Set([...(anew?.parts?.words ?? []), ...parts.words])]
    : [...new Set([...(anew?.values ?? []), ...before.values])];
  const column = new ChoiceBuilder(about, words, parts !== undefined);
  found.forEach((now, row) => {
    const [source, at] = anew && now !== undefined ? [anew, now] : [before, row];
    const value = source.data[at];
    if (!value) return;
    if (!parts) column.set(row, source.values[value - 1]!);
    else {
      const own = source.parts!;
      column.setSeveral(
        row,
        own.of[value - 1]!.map((part) => words.indexOf(own.words[part]!)),
      );
    }
  });
  return column;
}
