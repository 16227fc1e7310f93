/** Frozen matrices in whole numbers of 4 bits: blocks along each row, each with a scale and a zero point of its own. */
import { readHalves, toHalves } from '../core/float16.js';

/** What the IR's `matmulInt4` takes of a matrix [n, k], with its scales in halves. */
export interface Int4Matrix {
  /** [n, blocks, blockSize / 2], two codes in a byte. */
  codes: Uint8Array;
  /** The bits of f16 [n, blocks]. */
  scales: Uint16Array;
  /** [n, ⌈blocks / 2⌉], two in a byte. */
  zeroPoints: Uint8Array;
}

const largestCode = 15;
/**
 * Shares of a block's range that are tried: cutting off the ends makes every other number finer. Below the last the
 * error only grew in every matrix that was looked at.
 */
const shares = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65];

/**
 * Rounds a matrix [n, k]. Of each block the range is taken that makes the least squared error of the product: an error
 * of a weight counts by `importance` [k], the mean square of what it is multiplied by (as in AWQ; Lin et al., 2023,
 * arXiv:2306.00978, section 3.2, for one range a block).
 */
export function roundToInt4(
  data: Float32Array,
  [n, k]: readonly [number, number],
  blockSize: number,
  importance: ArrayLike<number>,
): Int4Matrix {
  const blocks = Math.ceil(k / blockSize);
  const codes = new Uint8Array((n * blocks * blockSize) / 2);
  const numbers = new Float32Array(n * blocks);
  const zeroPoints = new Uint8Array(n * Math.ceil(blocks / 2));
  const half = new Float32Array(1);
  const rounded = (value: number): number => {
    half[0] = value;
    readHalves(toHalves(half), half);
    return half[0]!;
  };
  for (let row = 0; row < n; row++) {
    for (let block = 0; block < blocks; block++) {
      const [from, to] = [block * blockSize, Math.min(k, (block + 1) * blockSize)];
      let [least, most] = [0, 0];
      for (let i = from; i < to; i++) {
        const value = data[row * k + i]!;
        if (value < least) least = value;
        if (value > most) most = value;
      }
      let best = { error: Infinity, scale: 0, zero: 0 };
      for (const share of shares) {
        const scale = rounded((share * (most - least)) / largestCode);
        if (!scale) break;
        const zero = Math.min(largestCode, Math.max(0, Math.round((-share * least) / scale)));
        let error = 0;
        for (let i = from; i < to; i++) {
          const value = data[row * k + i]!;
          error += importance[i]! * (value - (codeOf(value, scale, zero) - zero) * scale) ** 2;
        }
        if (error < best.error) best = { error, scale, zero };
      }
      const { scale, zero } = best;
      numbers[row * blocks + block] = scale;
      zeroPoints[row * Math.ceil(blocks / 2) + (block >> 1)]! |= zero << (4 * (block & 1));
      for (let i = from; i < from + blockSize; i++) {
        const code = i < to && scale ? codeOf(data[row * k + i]!, scale, zero) : zero;
        codes[(row * blocks * blockSize + i) >> 1]! |= code << (4 * (i & 1));
      }
    }
  }
  return { codes, scales: toHalves(numbers), zeroPoints };
}

const codeOf = (value: number, scale: number, zero: number): number => {
  const code = Math.round(value / scale) + zero;
  return code < 0 ? 0 : code > largestCode ? largestCode : code;
};
