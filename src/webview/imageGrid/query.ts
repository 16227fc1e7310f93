/** Finds the rows of a list that a query asks for, and puts them in its order. */
import type { ImageList } from '../../shared/imageList.js';
import type { ImageQuery } from '../protocol.js';
import { sortRows } from './sortRows.js';

export const everything: ImageQuery = { text: '', words: {}, ranges: {}, verdict: 'all', sort: null };

type Choice = NonNullable<ReturnType<ImageList['choice']>>;

export class Queries {
  #text: NameText | undefined;

  constructor(
    private readonly list: ImageList,
    private readonly task: string | undefined,
  ) {}

  /** The columns that the query needs and the list lacks. */
  lacks({ sort, ranges }: ImageQuery): string[] {
    const named = [...Object.keys(ranges), ...(sort ? [sort.column] : [])];
    return named.filter((id) => !this.list.column(id, this.task));
  }

  /** The rows in order. Columns that the list lacks are passed over. */
  rows(query: ImageQuery): Uint32Array {
    const { length } = this.list;
    const kept = new Uint8Array(length).fill(1);
    for (const [id, words] of Object.entries(query.words)) {
      const column = this.list.choice(id, this.task);
      if (column) keepWords(kept, column, words);
    }
    for (const [id, { from = -Infinity, to = Infinity }] of Object.entries(query.ranges)) {
      const data = this.list.number(id, this.task)?.data;
      // A number that is not there lies in no range.
      if (data) for (let row = 0; row < length; row++) if (!(data[row]! >= from && data[row]! <= to)) kept[row] = 0;
    }
    if (query.verdict !== 'all') this.#keepVerdict(kept, query.verdict === 'wrong');
    if (query.text) (this.#text ??= new NameText(this.list)).keep(kept, query.text);
    const rows = new Uint32Array(kept.reduce((sum, each) => sum + each, 0));
    for (let row = 0, found = 0; row < length; row++) if (kept[row]) rows[found++] = row;
    return query.sort ? this.#sorted(rows, query.sort) : rows;
  }

  #keepVerdict(kept: Uint8Array, wantsWrong: boolean): void {
    const equal = this.verdicts();
    if (equal) for (let row = 0; row < kept.length; row++) if (equal(row) !== !wantsWrong) kept[row] = 0;
  }

  /** Whether the prediction of a row is its label; undefined for a row that lacks one of them. */
  verdicts(): ((row: number) => boolean | undefined) | undefined {
    const label = this.list.choice('label', this.task);
    const prediction = this.list.choice('prediction', this.task);
    if (!label || !prediction) return undefined;
    // The two columns may number their words differently.
    const numbers = new Map(label.values.map((word, i) => [word, i + 1]));
    const labelOf = [0, ...prediction.values.map((word) => numbers.get(word) ?? -1)];
    return (row) =>
      label.data[row] && prediction.data[row] ? labelOf[prediction.data[row]] === label.data[row] : undefined;
  }

  #sorted(rows: Uint32Array, { column: id, descending }: NonNullable<ImageQuery['sort']>): Uint32Array {
    const column = this.list.column(id, this.task);
    if (!column) return rows;
    if (column.kind === 'number') return sortRows(rows, column.data, descending);
    const { compare } = new Intl.Collator(undefined, { numeric: true });
    const order = column.values.map((_, i) => i).sort((a, b) => compare(column.values[a]!, column.values[b]!));
    // An image without a word comes last.
    const places = new Float32Array(column.values.length + 1).fill(NaN);
    order.forEach((value, place) => (places[value + 1] = place));
    return sortRows(rows, Float32Array.from(column.data, (number) => places[number]!), descending);
  }
}

function keepWords(kept: Uint8Array, { values, parts, data }: Choice, words: readonly string[]): void {
  const isWanted = (value: number) =>
    parts
      ? parts.of[value]!.some((part) => words.includes(parts.words[part]!))
      : words.includes(values[value]!);
  const wanted = Uint8Array.from([0, ...values.map((_, i) => Number(isWanted(i)))]);
  for (let row = 0; row < kept.length; row++) if (!wanted[data[row]!]) kept[row] = 0;
}

/** All names as one text in lower case, in which a part of a name is found quickly. */
class NameText {
  readonly #text: string;
  /** Where each name begins. */
  readonly #starts: Uint32Array;

  constructor(private readonly list: ImageList) {
    const names: string[] = [];
    this.#starts = new Uint32Array(list.length + 1);
    let at = 0;
    for (let row = 0; row < list.length; row++) {
      const name = list.nameAt(row).toLowerCase();
      names.push(name);
      at += name.length + 1;
      this.#starts[row + 1] = at;
    }
    // No name has a slash in it.
    this.#text = names.join('/');
  }

  keep(kept: Uint8Array, part: string): void {
    const wanted = part.toLowerCase();
    if (wanted.includes('/')) return void kept.fill(0);
    let row = 0;
    for (let at = this.#text.indexOf(wanted); at >= 0; at = this.#text.indexOf(wanted, this.#starts[row]!)) {
      const first = row;
      while (this.#starts[row + 1]! <= at) row++;
      kept.fill(0, first, row);
      // The rest of this name need not be looked at.
      row++;
      if (row >= this.list.length) return;
    }
    kept.fill(0, row);
  }
}
