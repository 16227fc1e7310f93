/** Rows by the digest of a key: some 30 bytes each, so that a cache of a million images is known by heart. */
import { createHash } from 'node:crypto';

export const digestBytes = 16;
const words = digestBytes / 4;

/** The first 16 bytes of the SHA-256 of a key. */
export const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest().subarray(0, digestBytes);

/**
 * A hash table with open addressing. Rows are numbered from 0 in the order in which they are added; what they hold is
 * the caller's.
 */
export class DigestTable {
  /** The digests, row by row. */
  #digests = new Uint32Array(words * 64);
  /** By hash: the row's number plus 1, or 0 for none. Its length is a power of 2, at least twice the number of rows. */
  #slots = new Uint32Array(128);
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  /** The row of a digest, if there is one. */
  find(digest: Buffer): number | undefined {
    const row = this.#slots[this.#slotOf(wordsOf(digest))]!;
    return row ? row - 1 : undefined;
  }

  /** The row of the digest that begins at byte `at`: the one that is there, else a new one. */
  add(digest: Buffer, at = 0): number {
    const key = wordsOf(digest, at);
    const slot = this.#slotOf(key);
    if (this.#slots[slot]) return this.#slots[slot] - 1;
    const row = this.#rows++;
    if (words * this.#rows > this.#digests.length) this.#digests = grown(this.#digests, words * this.#rows);
    this.#digests.set(key, words * row);
    this.#slots[slot] = row + 1;
    if (2 * this.#rows > this.#slots.length) this.#rehash(2 * this.#slots.length);
    return row;
  }

  /** The position of a digest's row, existing or new. */
  #slotOf([a, b, c, d]: readonly [number, number, number, number]): number {
    const mask = this.#slots.length - 1;
    // A digest is as good a hash as any.
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]!;
      const at = words * (row - 1);
      const own = this.#digests;
      if (!row || (own[at] === a && own[at + 1] === b && own[at + 2] === c && own[at + 3] === d)) return slot;
    }
  }

  /** Makes room for as many rows, which then grows no more on the way. */
  reserve(rows: number): void {
    if (words * rows > this.#digests.length) this.#digests = grown(this.#digests, words * rows, 1);
    let slots = this.#slots.length;
    while (slots < 2 * rows) slots *= 2;
    if (slots > this.#slots.length) this.#rehash(slots);
  }

  #rehash(slots: number): void {
    this.#slots = new Uint32Array(slots);
    const mask = this.#slots.length - 1;
    for (let row = 0; row < this.#rows; row++) {
      let slot = this.#digests[words * row]! & mask;
      while (this.#slots[slot]) slot = (slot + 1) & mask;
      this.#slots[slot] = row + 1;
    }
  }
}

const wordsOf = (digest: Buffer, at = 0): [number, number, number, number] => [
  digest.readUInt32LE(at),
  digest.readUInt32LE(at + 4),
  digest.readUInt32LE(at + 8),
  digest.readUInt32LE(at + 12),
];

/** A copy with room for `share` times `length` numbers: a quarter more, where others are to come. */
function grown<T extends Uint32Array | Float64Array>(data: T, length: number, share = 1.25): T {
  const larger = new (data.constructor as new (length: number) => T)(Math.ceil(share * length));
  larger.set(data);
  return larger;
}

/** Numbers by row, as many as are set. */
export class Column<T extends Uint32Array | Float64Array> {
  constructor(private data: T) {}

  get(row: number): number {
    return this.data[row]!;
  }

  /** Makes room for as many rows. */
  reserve(rows: number): void {
    if (rows > this.data.length) this.data = grown(this.data, rows, 1);
  }

  set(row: number, value: number): void {
    if (row >= this.data.length) this.data = grown(this.data, row + 1);
    this.data[row] = value;
  }
}
