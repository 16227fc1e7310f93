/** Precision, recall and F1, against numbers worked out by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClassFigures, perClass } from '../../src/webview/perClass.js';

/** The figures of a class without their intervals. */
function figuresOf({ label, precision, recall, f1, support }: ClassFigures): object {
  return { label, precision, recall, f1, support };
}

test('two classes', () => {
  const [ants, bees] = perClass(
    ['ants', 'bees'],
    [
      [8, 2],
      [4, 6],
    ],
  );
  assert.deepEqual(figuresOf(ants!), { label: 'ants', precision: 8 / 12, recall: 0.8, f1: 16 / 22, support: 10 });
  assert.deepEqual(figuresOf(bees!), { label: 'bees', precision: 6 / 8, recall: 0.6, f1: 12 / 18, support: 10 });
  const rounded = (interval?: readonly number[]) => interval?.map((bound) => Number(bound.toFixed(3)));
  // Wilson's intervals of 8 of 12 and of 8 of 10.
  assert.deepEqual(rounded(ants!.intervals?.precision), [0.391, 0.862]);
  assert.deepEqual(rounded(ants!.intervals?.recall), [0.49, 0.943]);
});

test('a class that is not there, and one that was never predicted, have no number rather than a wrong one', () => {
  const [absent, missed] = perClass(
    ['absent', 'missed'],
    [
      [0, 0],
      [3, 0],
    ],
  );
  assert.deepEqual(figuresOf(absent!), { label: 'absent', precision: 0, recall: undefined, f1: 0, support: 0 });
  assert.deepEqual(figuresOf(missed!), { label: 'missed', precision: undefined, recall: 0, f1: 0, support: 3 });
  const [nothing] = perClass(['nothing'], [[0]]);
  assert.deepEqual(figuresOf(nothing!), {
    label: 'nothing',
    precision: undefined,
    recall: undefined,
    f1: undefined,
    support: 0,
  });
});
