/**
 * Figures of multi-label tasks and of several tasks, against the example in the documentation of scikit-learn and
 * numbers worked by hand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { averagePrecision } from '../../../src/trainer/inference/multiLabelMetrics.js';
import { TaskMetrics } from '../../../src/trainer/inference/taskMetrics.js';
import { singleTask, smoothed } from '../../../src/trainer/core/tasks.js';

const close = (actual: number | undefined, expected: number) =>
  assert.ok(Math.abs(actual! - expected) < 1e-6, `${actual} is not ${expected}`);
const tags = { name: 'tags', labels: ['a', 'b', 'c'], multiLabel: true };

test('average precision: the example of scikit-learn, equal scores, no positive', () => {
  close(averagePrecision([0.1, 0.4, 0.35, 0.8], [false, false, true, true]), 0.8333333333333333);
  close(averagePrecision([0.5, 0.5, 0.5, 0.2], [true, false, false, true]), (1 / 2) * (1 / 3) + (1 / 2) * (2 / 4));
  assert.equal(averagePrecision([1, 2], [false, false]), undefined);
  assert.equal(averagePrecision([1, 2], [true, true]), 1);
});

test('a multi-label task: four images in two batches, the last row padding', () => {
  const metrics = new TaskMetrics([tags]);
  metrics.add(Float32Array.of(2, -1, -3, 1, 1, -1), Float32Array.of(1, 0, 0, 1, 0, 0), 2);
  metrics.add(Float32Array.of(-1, 3, -2, 0, -2, -1, 9, 9, 9), Float32Array.of(1, 1, 0, 0, 0, 0, 1, 1, 1), 2);
  const { accuracy, loss, perClass, confusion, f1Micro, f1Macro, meanAveragePrecision, tasks } = metrics.result();
  assert.equal(tasks, undefined);
  assert.deepEqual(confusion, []);
  // Right in every label: the first image alone (0 counts as yes: the fourth is wrong in a).
  assert.equal(accuracy, 1 / 4);
  const softplus = (x: number) => Math.log(1 + Math.exp(x));
  close(loss, [-2, -1, -3, -1, 1, -1, 1, -3, -2, 0, -2, -1].reduce((sum, x) => sum + softplus(x), 0) / 12);
  // a: 2 of 3 predictions right, 2 of 3 found. b: 1 of 2, 1 of 1. c: nothing there, nothing said.
  assert.deepEqual(
    perClass.map(({ precision, recall, support }) => [precision, recall, support]),
    [
      [2 / 3, 2 / 3, 3],
      [1 / 2, 1, 1],
      [0, 0, 0],
    ],
  );
  close(f1Micro, (2 * 3) / (5 + 4));
  close(f1Macro, (2 / 3 + 2 / 3 + 0) / 3);
  assert.equal(perClass[2]!.averagePrecision, undefined);
  // a is ranked yes yes no yes, b yes first.
  close(meanAveragePrecision, ((1 + 1 + 3 / 4) / 3 + 1) / 2);
});

test('several tasks: mean accuracy, sum of losses, the rest is that of the first; images without a label are left out', () => {
  const tasks = [...singleTask(['x', 'y'], 'first'), ...singleTask(['p', 'q'], 'second')];
  const metrics = new TaskMetrics(tasks);
  metrics.add(Float32Array.of(0, 0, 1, 0, 0, 1, 0, 1), Float32Array.of(1, 0, 0, 0, 0, 1, 1, 0), 2);
  const { accuracy, loss, labels, confusion, tasks: each } = metrics.result();
  assert.deepEqual(labels, ['x', 'y']);
  assert.deepEqual(confusion, [
    [1, 0],
    [0, 1],
  ]);
  assert.deepEqual(
    each!.map(({ task, accuracy: own, confusion: matrix }) => [task, own, matrix.flat()]),
    [
      ['first', 1, [1, 0, 0, 1]],
      ['second', 0, [0, 1, 0, 0]],
    ],
  );
  assert.equal(accuracy, 0.5);
  close(loss, each![0]!.loss + each![1]!.loss);
  close(each![1]!.loss, Math.log(1 + Math.E));
});

test('label smoothing: over the labels of a task, between yes and no of a multi-label one, and nothing for images without a label', () => {
  const tasks = [...singleTask(['x', 'y'], 'first'), tags];
  const targets = Float32Array.of(1, 0, 1, 0, 0, 0, 0, 0, 0, 1);
  const wanted = [0.95, 0.05, 0.95, 0.05, 0.05, 0, 0, 0.05, 0.05, 0.95];
  smoothed(targets, tasks, 0.1).forEach((value, i) => close(value, wanted[i]!));
  const copy = smoothed(targets, tasks, 0);
  assert.deepEqual(copy, targets);
  assert.notEqual(copy, targets);
});
