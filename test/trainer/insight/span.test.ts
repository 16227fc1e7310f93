/** A head found on the numbers that few images span is the head found on their features. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../src/trainer/core/random.js';
import { factorise } from '../../../src/trainer/insight/cholesky.js';
import { addImages, noMoments } from '../../../src/trainer/insight/moments.js';
import { ridgeHead } from '../../../src/trainer/insight/ridge.js';
import { spanOf } from '../../../src/trainer/insight/span.js';

const [images, width, classes] = [40, 90, 3];
const random = new Random(1, 'span');
const values = Float32Array.from({ length: images * width }, () => random.normal() + 1);

const headOf = (numbers: Float32Array, count: number) => {
  const moments = noMoments(count, classes);
  const rows = Array.from({ length: images }, (_, row) => row);
  addImages(moments, numbers, count, (row) => [row % classes], rows);
  return ridgeHead(moments, count, classes, 0.3);
};

test('the same weights and biases, by a matrix of the images in place of one of the features', () => {
  const span = spanOf(values, width);
  const [wanted, found] = [headOf(values, width), span.toFeatures(headOf(span.values, images))];
  for (const part of ['weight', 'bias'] as const)
    found[part].forEach((value, i) => assert.ok(Math.abs(value - wanted[part][i]!) < 1e-5, `${part} ${i}`));
});

test('a matrix of several blocks of rows has its factor, L Lᵀ', () => {
  const matrix = new Float64Array(width * width);
  for (let i = 0; i < width; i++)
    for (let j = 0; j < width; j++) {
      for (let k = 0; k < images; k++) matrix[i * width + j]! += values[k * width + i]! * values[k * width + j]!;
      if (i === j) matrix[i * width + j]! += 1;
    }
  const factor = matrix.slice();
  assert.ok(factorise(factor, width));
  for (let i = 0; i < width; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k <= j; k++) sum += factor[i * width + k]! * factor[j * width + k]!;
      assert.ok(Math.abs(sum - matrix[i * width + j]!) < 1e-8, `${i} ${j}`);
    }
});
