/** Series of different steps in one chart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinColumns } from '../../../src/webview/charts/joinColumns.js';

test('columns meet on the union of their steps', () => {
  const joined = joinColumns([
    [
      [1, 2, 4],
      [0.1, 0.2, 0.4],
    ],
    [
      [2, 3],
      [20, 30],
    ],
    [[], []],
  ]);
  assert.deepEqual(joined, [
    [1, 2, 3, 4],
    [0.1, 0.2, null, 0.4],
    [null, 20, 30, null],
    [null, null, null, null],
  ]);
});

test('a non-finite value becomes a gap', () => {
  assert.deepEqual(
    joinColumns([
      [
        [1, 2, 3],
        [Number.NaN, Number.POSITIVE_INFINITY, 1],
      ],
    ]),
    [
      [1, 2, 3],
      [null, null, 1],
    ],
  );
});
