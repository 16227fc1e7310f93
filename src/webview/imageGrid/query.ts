/** Finds the rows of a list that a query asks for, and puts them in its order. */
import { goneColumn, type ImageList } from '../../shared/imageList.js';
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
    const gone = this.list.choice(goneColumn)?.data;
    if (gone) for (let row = 0; row < length; row++) if (gone[row]) kept[row] = 0;
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
    let count = 0;
    for (let row = 0; row < length; row++) count += kept[row]!;
    const rows = new Uint32Array(count);
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
    if (descending) order.reverse();
    // An image without a word comes last.
    const places = new Uint32Array(column.values.length + 1).fill(0xffffffff);
    order.forEach((value, place) => (places[value + 1] = place));
    const keys = new Uint32Array(column.data.length);
    for (let row = 0; row < keys.length; row++) keys[row] = places[column.data[row]!]!;
    return sortRows(rows, keys, false);
  }
}

function keepWords(kept: Uint8Array, { values, parts, data }: Choice, words: readonly string[]): void {
  const isWanted = (value: number) =>
    parts ? parts.of[value]!.some((part) => words.includes(parts.words[part]!)) : words.includes(values[value]!);
  const wanted = Uint8Array.from([0, ...values.map((_, i) => Number(isWanted(i)))]);
  for (let row = 0; row < kept.length; row++) if (!wanted[data[row]!]) kept[row] = 0;
}

/** All names as one text in lower case, in which a part of a name is found quickly. */
class NameText {
  readonly #text: string;
  /** Where each name ends. */
  readonly #ends: Uint32Array;

  constructor(private readonly list: ImageList) {
    const plain = list.plainNames;
    const text = plain?.text.toLowerCase() ?? '';
    // Letters beyond ASCII take several bytes, and in lower case another number of letters.
    const isPlace = plain !== undefined && text.length === plain.text.length;
    [this.#text, this.#ends] = isPlace ? [text, plain.ends] : oneByOne(list);
  }

  keep(kept: Uint8Array, part: string): void {
    const wanted = part.toLowerCase();
    let row = 0;
    let from = 0;
    for (let at = this.#text.indexOf(wanted); at >= 0; at = this.#text.indexOf(wanted, from)) {
      const first = row;
      while (this.#ends[row]! <= at) row++;
      kept.fill(0, first, row);
      from = at + 1;
      // It reaches from one name into the next.
      if (at + wanted.length > this.#ends[row]!) continue;
      // The rest of this name need not be looked at.
      from = this.#ends[row]!;
      row++;
      if (row >= this.list.length) return;
    }
    kept.fill(0, row);
  }
}

function oneByOne(list: ImageList): [string, Uint32Array] {
  const ends = new Uint32Array(list.length);
  const names: string[] = [];
  for (let row = 0, at = 0; row < list.length; row++) {
    const name = list.nameAt(row).toLowerCase();
    names.push(name);
    ends[row] = at += name.length;
  }
  return [names.join(''), ends];
}
