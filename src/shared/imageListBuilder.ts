/** Makes a list of images row by row: paths first split into folder and name, columns of words and of numbers. */
import { ImageList, smallest, type ImageColumn, type NumberColumn } from './imageList.js';

/** Grows by itself; numbers from 0 on. */
class Numbers {
  #data = new Uint32Array(64);

  set(row: number, value: number): void {
    if (row >= this.#data.length) {
      const larger = new Uint32Array(Math.ceil(1.5 * (row + 1)));
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[row] = value;
  }

  upTo(length: number): Uint32Array {
    this.set(length, 0);
    return this.#data.slice(0, length);
  }
}

/** Words, each with its number in the order in which they came. */
class Words {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(word: string): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) return known;
    this.#numbers.set(word, this.list.length);
    return this.list.push(word) - 1;
  }
}

/** A column of words that grows: one word an image, or several where `words` are given. */
export class ChoiceBuilder {
  readonly #values = new Words();
  readonly #parts: number[][] = [];
  readonly #data = new Numbers();

  constructor(
    private readonly about: { id: string; title?: string; task?: string },
    /** All words, where a value may have several of them; else words that are listed first, in this order. */
    private readonly words: readonly string[] = [],
    private readonly hasSeveral = false,
  ) {
    if (!hasSeveral) for (const word of words) this.#values.numberOf(word);
  }

  set(row: number, word: string): void {
    this.#data.set(row, this.#values.numberOf(word) + 1);
  }

  /** The words of `numbers`, for a column whose values may have several. */
  setSeveral(row: number, numbers: readonly number[]): void {
    const value = this.#values.numberOf(numbers.map((number) => this.words[number]!).join(', '));
    this.#parts[value] ??= [...numbers];
    this.#data.set(row, value + 1);
  }

  column(length: number): ImageColumn {
    const values = this.#values.list;
    const parts = this.hasSeveral ? { parts: { words: [...this.words], of: this.#parts } } : {};
    return { ...this.about, kind: 'choice', values, ...parts, data: smallest(this.#data.upTo(length), values.length) };
  }
}

/** A column of numbers that grows; where none is set there is none. */
export class NumberBuilder {
  #data = new Float32Array(64).fill(NaN);

  constructor(
    private readonly about: { id: string; title?: string; task?: string },
    private readonly format: NumberColumn['format'],
  ) {}

  set(row: number, value: number): void {
    this.#reserve(row + 1);
    this.#data[row] = value;
  }

  #reserve(length: number): void {
    if (length <= this.#data.length) return;
    const larger = new Float32Array(Math.ceil(1.5 * length)).fill(NaN);
    larger.set(this.#data);
    this.#data = larger;
  }

  column(length: number): ImageColumn {
    this.#reserve(length);
    return { ...this.about, kind: 'number', format: this.format, data: this.#data.slice(0, length) };
  }
}

export class ImageListBuilder {
  readonly #folders = new Words();
  readonly #folder = new Numbers();
  readonly #ends = new Numbers();
  readonly #odd: [number, string][] = [];
  readonly #encoder = new TextEncoder();
  #names = new Uint8Array(256);
  #end = 0;
  #length = 0;
  #lastFolder = '';
  #lastNumber = -1;

  get length(): number {
    return this.#length;
  }

  /** Adds an image by its absolute path; its row. */
  add(path: string): number {
    const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1;
    const row = this.#length++;
    const name = path.slice(cut);
    this.#folder.set(row, this.#numberOf(path.slice(0, cut)));
    // No character of UTF-16 takes more than three bytes.
    if (this.#end + 3 * name.length > this.#names.length) {
      const larger = new Uint8Array(Math.ceil(1.5 * this.#end) + 3 * name.length);
      larger.set(this.#names);
      this.#names = larger;
    }
    this.#append(name, row);
    this.#ends.set(row, this.#end);
    return row;
  }

  #append(name: string, row: number): void {
    // Most names are ASCII, of which each letter is a byte.
    for (let i = 0; i < name.length; i++) {
      const code = name.charCodeAt(i);
      if (code < 128) {
        this.#names[this.#end + i] = code;
        continue;
      }
      if (/\p{Surrogate}/u.test(name)) this.#odd.push([row, name]);
      this.#end += this.#encoder.encodeInto(name, this.#names.subarray(this.#end)).written;
      return;
    }
    this.#end += name.length;
  }

  #numberOf(folder: string): number {
    if (folder !== this.#lastFolder || this.#lastNumber < 0) {
      this.#lastFolder = folder;
      this.#lastNumber = this.#folders.numberOf(folder);
    }
    return this.#lastNumber;
  }

  list(columns: readonly (ChoiceBuilder | NumberBuilder)[]): ImageList {
    const { length } = this;
    return new ImageList(
      this.#folders.list,
      smallest(this.#folder.upTo(length), this.#folders.list.length),
      this.#ends.upTo(length),
      this.#names.slice(0, this.#end),
      columns.map((column) => column.column(length)),
      this.#odd,
    );
  }
}
