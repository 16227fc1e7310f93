/** What a list says of one image, in words: for its tile, its tooltip and a screen reader. */
import * as l10n from '@vscode/l10n';
import type { Formats } from '../../shared/formats.js';
import type { ImageList } from '../../shared/imageList.js';
import { Queries } from './query.js';
import { columnTitle, figureOf, wordOf } from './words.js';

export interface Facts {
  name: string;
  label: string | undefined;
  prediction: string | undefined;
  /** What another model answered before, or the label that it had before. */
  was: string | undefined;
  probability: string | undefined;
  /** Whether the prediction is the label, where both are known. */
  isRight: boolean | undefined;
  split: string | undefined;
  mark: string | undefined;
  /** `Unknown`, where the image is unlike the training images. */
  unknown: string | undefined;
  /** The value of the column that the grid is sorted by, unless the tile shows it anyway. */
  sortedBy: string | undefined;
}

const shownAnyway = new Set([
  'label',
  'prediction',
  'was',
  'labelBefore',
  'probability',
  'split',
  'mark',
  'likeness',
  'name',
]);

export class ImageFacts {
  readonly #isRight: ((row: number) => boolean | undefined) | undefined;
  /** Where all images are of one split, the filter is enough to say which. */
  readonly #hasSplits: boolean;

  constructor(
    readonly list: ImageList,
    private readonly task: string | undefined,
    private readonly formats: Formats,
  ) {
    this.#isRight = new Queries(list, task).verdicts();
    const splits = list.choice('split', task)?.data;
    this.#hasSplits = splits?.some((split) => split !== splits[0]) ?? false;
  }

  of(row: number, sort: string | undefined): Facts {
    const { list } = this;
    return {
      name: list.nameAt(row),
      label: this.#value('label', row),
      prediction: this.#value('prediction', row),
      was: this.#value('was', row) ?? this.#value('labelBefore', row),
      probability: this.#value('probability', row),
      isRight: this.#isRight?.(row),
      split: this.#hasSplits ? this.#value('split', row) : undefined,
      mark: this.#value('mark', row),
      unknown: this.#isUnknown(row) ? this.#value('likeness', row) : undefined,
      sortedBy: sort === undefined || shownAnyway.has(sort) ? undefined : this.#value(sort, row),
    };
  }

  /** One line for each column that says something. */
  tooltip(row: number): string {
    const lines = this.list.columns.flatMap((column) => {
      if (column.task !== undefined && column.task !== this.task) return [];
      const value = this.#value(column.id, row);
      return value ? [`${columnTitle(column)}: ${value}`] : [];
    });
    return [this.list.pathAt(row), ...lines].join('\n');
  }

  #isUnknown(row: number): boolean {
    const column = this.list.choice('likeness', this.task);
    return column?.values[column.data[row]! - 1] === 'unknown';
  }

  #value(id: string, row: number): string | undefined {
    const column = this.list.column(id, this.task);
    if (!column) return undefined;
    const number = column.data[row]!;
    if (column.kind === 'choice') return number ? wordOf(id, column.values[number - 1]!) : undefined;
    return Number.isNaN(number) ? undefined : figureOf(column.format, number, this.formats);
  }
}

/** As a screen reader says it; `problem`: why its image is not seen. */
export function spoken(facts: Facts, problem: string | undefined): string {
  const { name, label, prediction, was, probability, isRight, split, mark, unknown, sortedBy } = facts;
  const words = [name];
  if (label !== undefined) words.push(label);
  if (prediction !== undefined && isRight !== true) words.push(l10n.t('predicted as {0}', prediction));
  if (isRight === true) words.push(l10n.t('predicted correctly'));
  if (probability !== undefined) words.push(probability);
  if (was !== undefined) words.push(l10n.t('before: {0}', was));
  for (const each of [split, sortedBy, mark, unknown, problem]) if (each) words.push(each);
  return words.join(', ');
}
