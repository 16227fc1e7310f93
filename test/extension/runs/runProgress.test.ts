/** What is told of a run by its events, one after another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advance, noProgress, percentOf, type Progress } from '../../../src/extension/runs/runProgress.js';
import type { RecordedEvent, TrainEvent } from '../../../src/trainer/protocol.js';

/** The events as a run folder has them, a second apart. */
const recorded = (events: readonly TrainEvent[]): RecordedEvent[] =>
  events.map((event, seq) => ({ ...event, seq, time: 1000 * seq }));
const after = (events: readonly TrainEvent[], from: Progress = noProgress): Progress =>
  recorded(events).reduce(advance, from);

const step = (n: number, loss: number): TrainEvent => ({
  type: 'step',
  step: n,
  epoch: n / 10,
  loss,
  learningRate: 0.001,
  imagesPerSecond: 20,
  waiting: 0,
});
const decoding: TrainEvent = { type: 'progress', phase: 'decode', done: 3, total: 8 };
const partial: TrainEvent = { type: 'partialStep', step: 1, done: 4, total: 16, loss: 1.5 };

test('the first part of the first step tells a loss, which the whole step takes the place of', () => {
  const early = after([decoding, partial]);
  assert.deepEqual([early.loss, early.step, early.activity], [1.5, 0, null]);
  assert.equal(after([step(1, 1.25)], early).loss, 1.25);
});

test('a part of a later step leaves the loss of the whole steps before it', () => {
  const later = after([step(1, 1.25), { ...partial, step: 2, loss: 9 }]);
  assert.deepEqual([later.loss, later.step], [1.25, 1]);
});

test('the first of equal accuracies is the best', () => {
  const evaluation = (n: number, accuracy: number): TrainEvent => ({
    type: 'evaluation',
    split: 'validation',
    step: n,
    epoch: n,
    loss: 1,
    accuracy,
    confusion: [],
  });
  assert.deepEqual(after([evaluation(1, 0.5), evaluation(2, 0.75), evaluation(3, 0.75)]).best, {
    step: 2,
    accuracy: 0.75,
  });
});

test('a share of steps is cut to whole per cent, and of no steps is none', () => {
  assert.equal(percentOf({ step: 199, steps: 200 }), 99);
  assert.equal(percentOf({ step: 0, steps: 0 }), 0);
});
