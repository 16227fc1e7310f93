/** The moving average that the smoothing slider sets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smooth } from '../../../src/webview/charts/smooth.js';

test('without weight the values stay', () => {
  assert.deepEqual(smooth([3, 1, 2], 0), [3, 1, 2]);
  assert.deepEqual(smooth([], 0.9), []);
});

test('a constant stays itself from the first value on: no bias towards 0', () => {
  for (const value of smooth(new Array<number>(20).fill(2.5), 0.99)) assert.ok(Math.abs(value - 2.5) < 1e-12);
});

test('it is the weighted mean of what came before', () => {
  const [first, second, third] = smooth([4, 2, 8], 0.5) as [number, number, number];
  assert.equal(first, 4);
  assert.ok(Math.abs(second - (0.5 * 2 + 0.25 * 4) / 0.75) < 1e-12);
  assert.ok(Math.abs(third - (0.5 * 8 + 0.25 * 2 + 0.125 * 4) / 0.875) < 1e-12);
});

test('one NaN does not affect the values after it', () => {
  const [, spoilt, after] = smooth([1, Number.NaN, 1], 0.9) as [number, number, number];
  assert.ok(Number.isNaN(spoilt));
  assert.ok(Math.abs(after - 1) < 1e-12);
});
