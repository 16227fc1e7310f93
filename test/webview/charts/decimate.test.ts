/** Fewer points, same image. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../src/trainer/core/random.js';
import { decimate } from '../../../src/webview/charts/decimate.js';

function rises(indices: number[]): boolean {
  return indices.every((index, place) => place === 0 || index > indices[place - 1]!);
}

test('a short series is kept whole', () => {
  assert.deepEqual(decimate([], 10), []);
  assert.deepEqual(decimate([5], 10), [0]);
  assert.deepEqual(decimate([3, 1, 2], 3), [0, 1, 2]);
});

test('100,000 points become few, with both ends, in order', () => {
  const random = new Random(1, 'decimate');
  const values = Array.from({ length: 100_000 }, () => random.normal());
  const kept = decimate(values, 4000);
  assert.ok(kept.length <= 4000 && kept.length > 3900, String(kept.length));
  assert.ok(rises(kept));
  assert.equal(kept[0], 0);
  assert.equal(kept.at(-1), 99_999);
});

test('every spike stays, up, down, or out of bounds', () => {
  for (const spike of [1e6, -1e6, Number.NaN, Number.POSITIVE_INFINITY]) {
    for (const place of [1, 777, 50_000, 99_998]) {
      const values = new Array<number>(100_000).fill(1);
      values[place] = spike;
      assert.ok(decimate(values, 100).includes(place), `${spike} at ${place}`);
    }
  }
});

test('the lowest and the highest of any length and limit stay', () => {
  const random = new Random(2, 'decimate');
  for (let round = 0; round < 200; round += 1) {
    const values = Array.from({ length: 1 + random.below(500) }, () => random.uniform());
    const limit = 4 + random.below(60);
    const kept = decimate(values, limit);
    assert.ok(rises(kept) && kept.length <= Math.max(limit, 4));
    assert.ok(kept.includes(values.indexOf(Math.min(...values))));
    assert.ok(kept.includes(values.indexOf(Math.max(...values))));
  }
});

test('a part of a series is decimated within its bounds', () => {
  const values = Array.from({ length: 1000 }, (_, index) => index);
  const kept = decimate(values, 10, 300, 400);
  assert.equal(kept[0], 300);
  assert.equal(kept.at(-1), 399);
  assert.ok(rises(kept));
});
