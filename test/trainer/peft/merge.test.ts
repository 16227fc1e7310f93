/** Merging of a low-rank adapter, by hand on small numbers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeLowRank } from '../../../src/trainer/peft/merge.js';

// W [3, 2], A [1, 2], B [3, 1].
const weight = Float32Array.of(1, 2, 3, 4, 5, 6);
const update = { down: Float32Array.of(1, -1), up: Float32Array.of(2, 0, -1), rank: 1, scaling: 0.5 };

test('W + scaling · B A', () => {
  assert.deepEqual([...mergeLowRank(weight, update)], [2, 1, 3, 4, 4.5, 6.5]);
  assert.deepEqual([...weight], [1, 2, 3, 4, 5, 6], 'the weight itself stays');
});

test('DoRA brings each row to its length', () => {
  const merged = mergeLowRank(weight, { ...update, magnitude: Float32Array.of(1, 10, 2) });
  const lengths = [0, 1, 2].map((i) => Math.hypot(merged[2 * i]!, merged[2 * i + 1]!));
  lengths.forEach((length, i) => assert.ok(Math.abs(length - [1, 10, 2][i]!) < 1e-6));
  assert.ok(Math.abs(merged[0]! / merged[1]! - 2) < 1e-6, 'the direction is that of the sum');
});
