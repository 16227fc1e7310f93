/** The linear head in closed form equals scikit-learn's, and what it is made of equals numpy's. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { factorise, solve } from '../../../src/trainer/insight/cholesky.js';
import { addImages, noMoments, sumOf } from '../../../src/trainer/insight/moments.js';
import { ridgeHead, scoresOf } from '../../../src/trainer/insight/ridge.js';

interface Golden {
  width: number;
  classes: number;
  penalty: number;
  labels: number[];
  values: number[];
  weight: number[];
  bias: number[];
  matrix: number[];
  factor: number[];
  solution: number[];
}
const golden = JSON.parse(readFileSync(new URL('../../golden/ridge.json', import.meta.url), 'utf8')) as Golden;
const { width, classes, penalty, labels } = golden;
const values = Float32Array.from(golden.values);

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++)
    assert.ok(Math.abs(actual[i]! - expected[i]!) < tolerance, `${i}: ${actual[i]} instead of ${expected[i]}`);
}

test('the factor and the solution of linear equations are those of numpy', () => {
  const factor = Float64Array.from(golden.matrix);
  assert.ok(factorise(factor, width));
  const lower = factor.map((value, i) => (i % width > Math.floor(i / width) ? 0 : value));
  assertClose(lower, golden.factor);
  const x = Float64Array.from(values.subarray(0, width));
  solve(factor, width, x);
  assertClose(x, golden.solution);
});

test('a matrix that is not positive definite has no factor', () => {
  assert.equal(factorise(Float64Array.of(1, 2, 2, 1), 2), false);
});

test("the head is scikit-learn's, from all images at once and from the sum of parts", async () => {
  const rows = [...labels.keys()];
  const parts = [rows.slice(0, 7), rows.slice(7)].map((own) => {
    const moments = noMoments(width, classes);
    addImages(moments, values, width, (row) => [labels[row]!], own);
    return moments;
  });
  const head = ridgeHead(sumOf(parts, width, classes), width, classes, penalty);
  assertClose(head.weight, golden.weight);
  assertClose(head.bias, golden.bias);
  const expected = [3, 1].flatMap((row) =>
    golden.bias.map((bias, c) =>
      golden.weight
        .slice(c * width, (c + 1) * width)
        .reduce((sum, weight, i) => sum + weight * values[row * width + i]!, bias),
    ),
  );
  assertClose(await scoresOf(head, values, [3, 1]), expected);
});

test('features that repeat each other still have a finite head', () => {
  const twice = Float32Array.from({ length: 20 }, (_, i) => Math.floor(i / 2) % 3);
  const moments = noMoments(2, 2);
  const own = Array.from({ length: 10 }, (_, i) => i % 2);
  addImages(moments, twice, 2, (row) => [own[row]!], [...own.keys()]);
  assert.ok(ridgeHead(moments, 2, 2, 0).weight.every(Number.isFinite));
});
