/** Matrices in blocks of 4 bits: near the numbers, nearer where it matters, whatever a block holds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roundToInt4 } from '../../../src/trainer/compile/blockCodes.js';
import { readHalves } from '../../../src/trainer/core/float16.js';
import { Random } from '../../../src/trainer/core/random.js';

const block = 16;

/** The numbers that the codes of a matrix [n, k] stand for, written from the layout of MatMulNBits. */
function decoded(made: ReturnType<typeof roundToInt4>, n: number, k: number): Float64Array {
  const blocks = Math.ceil(k / block);
  const scales = new Float32Array(made.scales.length);
  readHalves(made.scales, scales);
  const nibble = (bytes: Uint8Array, at: number): number => (bytes[Math.floor(at / 2)]! / 16 ** (at % 2)) & 15;
  return Float64Array.from({ length: n * k }, (_, i) => {
    const [row, column] = [Math.floor(i / k), i % k];
    const at = Math.floor(column / block);
    const zero = nibble(made.zeroPoints, 2 * Math.ceil(blocks / 2) * row + at);
    return (nibble(made.codes, row * blocks * block + column) - zero) * scales[row * blocks + at]!;
  });
}

const random = new Random(7, 'blocks');
const normals = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
const flat = (k: number): number[] => Array.from({ length: k }, () => 1);

test('every number is within half a step of its block, and the last block may be shorter', () => {
  const [n, k] = [3, 40];
  const data = Float32Array.from(normals(n * k), (value, i) => (i < k ? value : i < 2 * k ? 3 + value / 9 : 0));
  const found = decoded(roundToInt4(data, [n, k], block, flat(k)), n, k);
  for (let row = 0; row < n; row++) {
    for (let from = 0; from < k; from += block) {
      const own = [...data.subarray(row * k + from, row * k + Math.min(k, from + block))];
      const step = (Math.max(0, ...own) - Math.min(0, ...own)) / 15;
      // A cut range is at most 35 % shorter at each end; scales are halves.
      const error = own.map((value, i) => Math.abs(value - found[row * k + from + i]!));
      assert.ok(Math.max(...error) <= 0.35 * 15 * step + step / 2 + 1e-9, `${row}, ${from}: ${Math.max(...error)}`);
    }
  }
  assert.deepEqual([...found.subarray(2 * k)], [...data.subarray(2 * k)], 'zeros are exact');
});

test('the error of the product is that of no cut range or less, and less where columns count differently', () => {
  const [n, k] = [8, 32];
  const data = normals(n * k);
  const importance = Array.from({ length: k }, (_, i) => (i % 8 === 0 ? 100 : 0.01));
  const errorOf = (found: Float64Array): number =>
    found.reduce((sum, value, i) => sum + importance[i % k]! * (value - data[i]!) ** 2, 0);
  const plain = Float64Array.from(data, (value, i) => {
    const start = block * Math.floor(i / block);
    const own = data.subarray(start, start + block);
    const [low, high] = [Math.min(0, ...own), Math.max(0, ...own)];
    const scale = (high - low) / 15;
    const zero = Math.round(-low / scale);
    return (Math.min(15, Math.max(0, Math.round(value / scale) + zero)) - zero) * scale;
  });
  const even = errorOf(decoded(roundToInt4(data, [n, k], block, flat(k)), n, k));
  const weighed = errorOf(decoded(roundToInt4(data, [n, k], block, importance), n, k));
  assert.ok(weighed < even && weighed < errorOf(plain), `${weighed}, ${even}, ${errorOf(plain)}`);
});
