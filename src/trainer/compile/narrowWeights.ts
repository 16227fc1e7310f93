/** The narrow forms of a model's frozen weights, each made once for all graphs that an export tries. */
import { toHalves } from '../core/float16.js';
import { numbersOf, type OpOf } from '../ir/op.js';
import { sizeOf } from '../ir/shape.js';
import { quantize } from '../peft/quantize.js';
import { roundToInt4, type Int4Matrix } from './blockCodes.js';
import { roundColumns, type Int8Matrix } from './roundedWeight.js';

/** Numbers in a block of a weight of 4 bits. */
export const int4Block = 32;

/** The greatest half. */
const largestHalf = 65504;

export type Weight = OpOf<'constant'>;

export class NarrowWeights {
  readonly #made = new Map<string, unknown>();

  /** `importance` is the mean square of what each column of a layer's weight is multiplied by, where it is known. */
  constructor(private readonly importance: (name: string) => ArrayLike<number> | undefined = () => undefined) {}

  #once<T>(kind: string, { name }: Weight, make: () => T): T {
    const key = `${kind} ${name}`;
    const known = (this.#made.get(key) as T | undefined) ?? make();
    this.#made.set(key, known);
    return known;
  }

  /** The bits of the weight in halves; undefined where a number is too large for them. */
  halves(weight: Weight): Uint16Array | undefined {
    const made = this.#once('fp16', weight, () => {
      const numbers = floatsOf(weight);
      return numbers.every((value) => Math.abs(value) <= largestHalf) ? toHalves(numbers) : null;
    });
    return made ?? undefined;
  }

  /** Codes of 8 bits [rows, width] and scales [rows]. */
  int8(weight: Weight): { codes: Int8Array; scales: Float32Array; width: number } {
    return this.#once('int8', weight, () => {
      const width = rowWidth(weight);
      const { codes, scales } = quantize(floatsOf(weight), { quantization: 'int8', blockSize: width });
      return { codes: codes as Int8Array, scales, width };
    });
  }

  /** Codes of 7 bits [n, k] and scales [n]: so many that no processor's sums of their products overflow. */
  int7(weight: Weight): Int8Matrix {
    return this.#once('int7', weight, () => {
      const [n, k] = weight.shape as [number, number];
      return roundRows(floatsOf(weight), n, k);
    });
  }

  int4(weight: Weight): Int4Matrix {
    return this.#once('int4', weight, () => {
      const [n, k] = weight.shape as [number, number];
      const importance = this.importance(weight.name) ?? new Float64Array(k).fill(1);
      return roundToInt4(floatsOf(weight), [n, k], int4Block, importance);
    });
  }
}

const floatsOf = ({ data }: Weight): Float32Array => numbersOf(data) as Float32Array;

/**
 * Of a weight of any shape, the numbers that share a scale: those after its first axis that is longer than one, as a
 * token of a position table or a filter of the patch embedding; where they are very few, 64 in their order.
 */
function rowWidth({ shape }: Weight): number {
  const first = shape.findIndex((size) => size > 1);
  const width = sizeOf(shape.slice(first + 1));
  return width >= 16 && width % 4 === 0 ? width : 64;
}

/** Each row of a matrix [n, k] in 7 bits with a scale of its own. */
function roundRows(data: Float32Array, n: number, k: number): Int8Matrix {
  // `roundColumns` rounds the columns of [k, n]; here they are the rows of the transposed matrix.
  const { codes, scales } = roundColumns(data, k, n, true);
  // Of a row of zeros any scale gives zeros; its bias is counted in units of it, which should be fine.
  scales.forEach((scale, i) => (scales[i] = scale || 2 ** -12));
  const rows = new Int8Array(n * k);
  for (let i = 0; i < k; i++) for (let j = 0; j < n; j++) rows[j * k + i] = codes[i * n + j]!;
  return { codes: rows, scales };
}
