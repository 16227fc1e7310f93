/** Frozen matrices in whole numbers of 8 bits. */
import type { WeightData } from '../ir/op.js';
import type { Scratch } from './scratch.js';

/** Lends the numbers of a matrix to `use`, which must not keep their array. */
export type Loan = <T>(use: (numbers: Float32Array) => T) => T;

/** A matrix [k, n] as codes [k, n] times a scale for each column [n]. */
export interface Int8Matrix {
  codes: Int8Array;
  scales: Float32Array;
}

/**
 * Without VNNI a processor adds pairs of products of bytes in 16 bits, which overflow: 2 · 255 · 127 does not fit. With
 * codes of 7 bits they fit, so that every processor gives the same sums; the rounding of the other factor outweighs the
 * lost bit.
 */
const maxCode = 63;

/**
 * Columns and rows of a transposed matrix that are gone through at a time: what is read and what is written of them
 * stays in the processor's nearest cache.
 */
const tile = { columns: 64, rows: 16 };

/** Rounds a matrix [k, n], plain or transposed; into `codes` [k, n] if given. */
export function roundColumns(
  data: Float32Array,
  k: number,
  n: number,
  isTransposed: boolean,
  codes: Int8Array = new Int8Array(k * n),
): Int8Matrix {
  const scales = isTransposed ? maxOfRows(data, n, k) : maxOfColumns(data, k, n);
  for (let j = 0; j < n; j++) scales[j]! /= maxCode;
  const inverses = Float64Array.from(scales, (scale) => (scale ? 1 / scale : 0));
  (isTransposed ? roundTransposed : roundPlain)(data, inverses, k, n, codes);
  return { codes, scales };
}

function maxOfRows(data: Float32Array, rows: number, width: number): Float32Array {
  const found = new Float32Array(rows);
  for (let at = 0, row = 0; row < rows; row++) {
    let max = 0;
    for (const end = at + width; at < end; at++) {
      const size = Math.abs(data[at]!);
      if (size > max) max = size;
    }
    found[row] = max;
  }
  return found;
}

function maxOfColumns(data: Float32Array, rows: number, width: number): Float32Array {
  const found = new Float32Array(width);
  for (let at = 0, row = 0; row < rows; row++) {
    for (let j = 0; j < width; j++, at++) {
      const size = Math.abs(data[at]!);
      if (size > found[j]!) found[j] = size;
    }
  }
  return found;
}

/** The nearest whole number: cut off above zero this rounds, as Math.round does in four times the time. */
const rounded = (multiple: number): number => ((multiple + maxCode + 1.5) | 0) - maxCode - 1;

function roundPlain(data: Float32Array, inverses: Float64Array, k: number, n: number, codes: Int8Array): void {
  for (let at = 0, i = 0; i < k; i++) for (let j = 0; j < n; j++, at++) codes[at] = rounded(data[at]! * inverses[j]!);
}

function roundTransposed(data: Float32Array, inverses: Float64Array, k: number, n: number, codes: Int8Array): void {
  for (let left = 0; left < n; left += tile.columns) {
    const right = Math.min(n, left + tile.columns);
    for (let top = 0; top < k; top += tile.rows) {
      const bottom = Math.min(k, top + tile.rows);
      for (let j = left; j < right; j++) {
        const inverse = inverses[j]!;
        for (let i = top; i < bottom; i++) codes[i * n + j] = rounded(data[j * k + i]! * inverse);
      }
    }
  }
}

/**
 * A matrix [k, n] that is rounded each time its codes are requested: a session packs them in a way of its own and has
 * no use for them afterwards.
 */
export class RoundedWeight {
  #scales: Float32Array | undefined;

  constructor(
    /** The numbers to round, [k, n] or transposed. */
    private readonly numbers: Loan,
    private readonly shape: readonly [k: number, n: number],
    private readonly isTransposed: boolean,
    private readonly scratch: Scratch<Int8Array>,
  ) {}

  #round(codes?: Int8Array): Int8Matrix {
    const made = this.numbers((numbers) => roundColumns(numbers, ...this.shape, this.isTransposed, codes));
    this.#scales = made.scales;
    return made;
  }

  get codes(): WeightData {
    const [k, n] = this.shape;
    return {
      length: k * n,
      byteLength: k * n,
      read: () => this.#round().codes,
      lend: (use) => this.scratch.borrow(k * n, (codes) => use(this.#round(codes).codes)),
      place: undefined,
    };
  }

  get scales(): WeightData {
    const n = this.shape[1];
    return { length: n, byteLength: 4 * n, read: () => this.#scales ?? this.#round().scales, place: undefined };
  }
}
