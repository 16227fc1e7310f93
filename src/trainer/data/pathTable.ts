/** Many paths in little memory: the bytes of all file names in one array, and the number of each file's folder. */
import { sep } from 'node:path';
import { Column } from './digestTable.js';

export class PathTable implements Iterable<string> {
  /** With the separator at their ends. */
  readonly #folders: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #folder = new Column(new Uint32Array(16));
  /** The names end to end, in UTF-8, and where each ends. */
  #names = Buffer.alloc(256);
  readonly #ends = new Column(new Float64Array(16));
  /** Names that UTF-8 has no bytes for: Windows allows halves of surrogate pairs. */
  readonly #odd = new Map<number, string>();
  #length = 0;
  #end = 0;

  get length(): number {
    return this.#length;
  }

  push(path: string): void {
    const cut = path.lastIndexOf(sep) + 1;
    const name = path.slice(cut);
    const row = this.#length++;
    this.#folder.set(row, this.#numberOf(path.slice(0, cut)));
    if (/\p{Surrogate}/u.test(name)) this.#odd.set(row, name);
    // No character of UTF-16 takes more than three bytes.
    if (this.#end + 3 * name.length > this.#names.length) {
      const larger = Buffer.alloc(Math.ceil(1.25 * this.#end) + 3 * name.length);
      this.#names.copy(larger);
      this.#names = larger;
    }
    this.#end += this.#names.write(name, this.#end);
    this.#ends.set(row, this.#end);
  }

  #numberOf(folder: string): number {
    const last = this.#folders.length - 1;
    if (folder === this.#folders[last]) return last;
    const known = this.#numbers.get(folder);
    if (known !== undefined) return known;
    this.#numbers.set(folder, last + 1);
    return this.#folders.push(folder) - 1;
  }

  /** The path number `row`, counted from 0. */
  at(row: number): string {
    const start = row ? this.#ends.get(row - 1) : 0;
    return (
      this.#folders[this.#folder.get(row)]! +
      (this.#odd.get(row) ?? this.#names.toString('utf8', start, this.#ends.get(row)))
    );
  }

  *[Symbol.iterator](): Generator<string, void, undefined> {
    for (let row = 0; row < this.#length; row++) yield this.at(row);
  }
}
