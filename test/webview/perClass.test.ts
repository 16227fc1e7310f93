/** Precision, recall and F1, against numbers worked out by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { perClass } from '../../src/webview/perClass.js';

test('two classes', () => {
  const [ants, bees] = perClass(
    ['ants', 'bees'],
    [
      [8, 2],
      [4, 6],
    ],
  );
  assert.deepEqual(ants, { label: 'ants', precision: 8 / 12, recall: 0.8, f1: 16 / 22, support: 10 });
  assert.deepEqual(bees, { label: 'bees', precision: 6 / 8, recall: 0.6, f1: 12 / 18, support: 10 });
});

test('a class that is not there, and one that was never predicted, have no number rather than a wrong one', () => {
  const [absent, missed] = perClass(
    ['absent', 'missed'],
    [
      [0, 0],
      [3, 0],
    ],
  );
  assert.deepEqual(absent, { label: 'absent', precision: 0, recall: undefined, f1: 0, support: 0 });
  assert.deepEqual(missed, { label: 'missed', precision: undefined, recall: 0, f1: 0, support: 3 });
  const [nothing] = perClass(['nothing'], [[0]]);
  assert.deepEqual(nothing, { label: 'nothing', precision: undefined, recall: undefined, f1: undefined, support: 0 });
});
