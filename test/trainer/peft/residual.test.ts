/** What is left of a weight after PiSSA or OLoRA took its part; PEFT's own numbers are in adapterKinds.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../src/trainer/core/random.js';
import { residual } from '../../../src/trainer/peft/residual.js';
import { leadingVectors } from '../../../src/trainer/peft/singularValues.js';

/** Random orthonormal rows of that length. */
function orthonormal(count: number, length: number, name: string): number[][] {
  const random = new Random(1, name);
  const rows: number[][] = [];
  while (rows.length < count) {
    const row = Array.from({ length }, () => random.normal());
    for (const other of rows) {
      const share = row.reduce((sum, value, i) => sum + value * other[i]!, 0);
      row.forEach((_, i) => (row[i]! -= share * other[i]!));
    }
    const size = Math.hypot(...row);
    rows.push(row.map((value) => value / size));
  }
  return rows;
}

/** A matrix [rows, columns] with these singular values, from the `from`-th on. */
function matrixOf(rows: number, columns: number, values: readonly number[], from = 0): Float32Array {
  const [left, right] = [orthonormal(values.length, rows, 'left'), orthonormal(values.length, columns, 'right')];
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return values.reduce((sum, value, k) => sum + (k < from ? 0 : value * left[k]![row]! * right[k]![column]!), 0);
  });
}

const farthest = (a: Float32Array, b: Float32Array) => a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
const decaying = (count: number) => Array.from({ length: count }, (_, k) => 5 * 0.99 ** k);

for (const [what, rows, columns, values, rank] of [
  ['a square one', 40, 40, decaying(40), 4],
  ['a tall one, whose values lie close together', 300, 90, decaying(90), 8],
  ['a wide one', 30, 120, decaying(30), 5],
  ['all of its components', 12, 9, decaying(9), 9],
  ['one of low rank', 30, 20, [3, 2], 4],
  ['one with equal values on one side of the cut', 60, 30, [4, 4, 4, 1, 1, 1], 3],
] as [string, number, number, number[], number][])
  test(`PiSSA leaves the small components of a matrix: ${what}`, () => {
    const whole = matrixOf(rows, columns, values);
    const left = residual(whole, columns, { init: 'pissa', rank, scaling: 7 });
    const expected = matrixOf(rows, columns, values, rank);
    assert.ok(farthest(left, expected) < 2e-6, String(farthest(left, expected)));
  });

test('OLoRA takes what lies along the first columns, times the scaling', () => {
  const weight = Float32Array.from([3, 1, 4, 2, 0, 5, 0, 7]);
  // The first column is (3, 4, 0, 0) of [[3, 1], [4, 2], [0, 5], [0, 7]]: Q = (0.6, 0.8, 0, 0), R = (5, 2.2).
  const left = residual(weight, 2, { init: 'olora', rank: 1, scaling: 0.5 });
  const expected = Float32Array.from([1.5, 1 - 0.66, 2, 2 - 0.88, 0, 5, 0, 7]);
  assert.ok(farthest(left, expected) < 1e-6, left.join());
});

test('singular vectors are orthonormal, of a matrix of zeros too', () => {
  for (const matrix of [matrixOf(50, 40, decaying(40)), new Float32Array(2000)]) {
    const vectors = leadingVectors(matrix, 40, 6);
    for (const [i, a] of vectors.entries())
      for (const [j, b] of vectors.entries()) {
        const product = a.reduce((sum, value, k) => sum + value * b[k]!, 0);
        assert.ok(Math.abs(product - Number(i === j)) < 1e-9, `${i} · ${j} = ${product}`);
      }
  }
});
