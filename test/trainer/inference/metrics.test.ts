/** Metrics against numbers worked by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from '../../../src/trainer/inference/metrics.js';

const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);

test('three classes, six images in two batches', () => {
  const metrics = new Metrics(['a', 'b', 'c']);
  // Truth a a a b: predicted a a b b. All logits but one are 0, that one is ln 2: it has probability 2/4, each other
  // 1/4.
  const ln2 = Math.log(2);
  metrics.add(Float32Array.of(ln2, 0, 0, ln2, 0, 0, 0, ln2, 0, 0, ln2, 0), Int32Array.of(0, 0, 0, 1), 4);
  // Truth c b, predicted a a; the third row is padding.
  metrics.add(Float32Array.of(ln2, 0, 0, ln2, 0, 0, 9, 9, 9), Int32Array.of(2, 1, 0), 2);
  const { accuracy, loss, labels, perClass, confusion } = metrics.result();
  assert.deepEqual(labels, ['a', 'b', 'c']);
  assert.deepEqual(confusion, [
    [2, 1, 0],
    [1, 1, 0],
    [1, 0, 0],
  ]);
  assert.equal(accuracy, 3 / 6);
  // Three right at probability 1/2, three wrong at 1/4.
  close(loss, (3 * Math.log(2) + 3 * Math.log(4)) / 6);
  assert.deepEqual(
    perClass.map(({ support }) => support),
    [3, 2, 1],
  );
  // a: 2 of 4 predictions right, 2 of 3 found. b: 1 of 2, 1 of 2. c: never predicted.
  close(perClass[0]!.precision, 2 / 4);
  close(perClass[0]!.recall, 2 / 3);
  close(perClass[0]!.f1, 4 / 7);
  close(perClass[1]!.precision, 1 / 2);
  close(perClass[1]!.recall, 1 / 2);
  close(perClass[1]!.f1, 1 / 2);
  const { intervals, ...figures } = perClass[2]!;
  assert.deepEqual(figures, { label: 'c', precision: 0, recall: 0, f1: 0, support: 1 });
  assert.deepEqual(intervals?.precision, [0, 1], 'nothing is known of a precision without predictions');
  // Wilson's interval of 0 of 1 ends at z^2 / (1 + z^2).
  close(intervals!.recall[1], 1.959964 ** 2 / (1 + 1.959964 ** 2));
});

test('large logits neither overflow nor vanish', () => {
  const metrics = new Metrics(['a', 'b']);
  metrics.add(Float32Array.of(1000, 0, -1000, 0), Int32Array.of(1, 1), 2);
  close(metrics.result().loss, 500);
});

test('the result is a snapshot that later batches do not change', () => {
  const metrics = new Metrics(['a', 'b']);
  metrics.add(Float32Array.of(1, 0), Int32Array.of(0), 1);
  const first = metrics.result();
  metrics.add(Float32Array.of(1, 0), Int32Array.of(1), 1);
  assert.deepEqual(first.confusion, [
    [1, 0],
    [0, 0],
  ]);
  assert.equal(metrics.result().accuracy, 0.5);
});

test('metrics of nothing are a bug of the caller', () => {
  assert.throws(() => new Metrics(['a']).result(), /no images/);
});
