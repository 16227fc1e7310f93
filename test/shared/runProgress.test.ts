/** What a run's events amount to, one after another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advance, noProgress, percentTaken, type RunProgress } from '../../src/shared/runProgress.js';
import type { RecordedEvent, TrainEvent } from '../../src/trainer/protocol.js';

/** The events as a run folder has them, a second apart. */
const recorded = (events: readonly TrainEvent[]): RecordedEvent[] =>
  events.map((event, seq) => ({ ...event, seq, time: 1000 * seq }));
const after = (events: readonly TrainEvent[], from: RunProgress = noProgress): RunProgress =>
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

test('the first part of the first step reports a loss, which that of the whole step replaces', () => {
  const early = after([decoding, partial]);
  assert.deepEqual([early.loss, early.step, early.activity], [1.5, 0, null]);
  assert.equal(after([step(1, 1.25)], early).loss, 1.25);
});

test('a part of a later step leaves the loss of the whole steps before it', () => {
  const later = after([step(1, 1.25), { ...partial, step: 2, loss: 9 }]);
  assert.deepEqual([later.loss, later.step], [1.25, 1]);
});

const started: TrainEvent = {
  type: 'started',
  run: '/runs/a',
  name: 'a',
  device: 'cpu',
  model: 'embedded',
  method: 'lora',
  labels: ['x', 'y'],
  images: { train: 8, validation: 4, test: 0 },
  skipped: 0,
  epochs: 10,
  steps: 100,
  trainableParameters: 1,
  totalParameters: 2,
};
const evaluation = (n: number, accuracy: number, judged?: true): TrainEvent => ({
  type: 'evaluation',
  split: 'validation',
  step: n,
  epoch: n,
  loss: 1,
  accuracy,
  confusion: [],
  ...(judged ? { judged } : {}),
});
const checkpoint = (n: number, best: boolean): TrainEvent => ({ type: 'checkpoint', step: n, path: `/c/${n}`, best });

test('the best is the checkpoint that the trainer calls the best, not the highest accuracy', () => {
  // By the loss, say: the second evaluation is more accurate, and its checkpoint is not the best.
  const events = [started, evaluation(1, 0.5), checkpoint(1, true), evaluation(2, 0.75), checkpoint(2, false)];
  const { best, validation } = after(events);
  assert.deepEqual(best, { step: 1, accuracy: 0.5 });
  assert.deepEqual(validation, { step: 2, accuracy: 0.75 });
});

test('an evaluation in fp32 at the end, and the end itself, say how accurate the best is', () => {
  const events = [started, evaluation(1, 0.9), checkpoint(1, true), evaluation(2, 0.8), checkpoint(2, false)];
  const evaluated = after([...events, evaluation(1, 0.85, true)]);
  assert.deepEqual(
    [evaluated.best, evaluated.validation],
    [
      { step: 1, accuracy: 0.85 },
      { step: 2, accuracy: 0.8 },
    ],
  );
  const finished: TrainEvent = {
    type: 'finished',
    run: '/runs/a',
    best: { step: 1, accuracy: 0.85 },
    seconds: 9,
    reason: 'epochs',
  };
  assert.deepEqual(after([...events, finished]).best, { step: 1, accuracy: 0.85 });
});

test('a resume forgets what came after its checkpoint, the best included, and its old end', () => {
  const broken: TrainEvent[] = [
    started,
    step(1, 2),
    evaluation(1, 0.5),
    checkpoint(1, true),
    step(2, 1),
    evaluation(2, 0.9),
    checkpoint(2, true),
    { type: 'error', code: 'X', message: 'm', remedy: 'r' },
  ];
  assert.deepEqual([after(broken).best?.step, after(broken).end], [2, 'failed']);
  const resumed = after([...broken, { ...started, resumedFrom: 1 }]);
  assert.deepEqual(
    [resumed.best, resumed.validation, resumed.step, resumed.end, resumed.error],
    [{ step: 1, accuracy: 0.5 }, { step: 1, accuracy: 0.5 }, 1, undefined, undefined],
  );
  assert.ok(Math.abs(resumed.epoch - 0.1) < 1e-9);
});

test('the time left is that of the last minutes of this start, and none after the end', () => {
  const at = (seconds: number, event: TrainEvent, seq: number): RecordedEvent => ({
    ...event,
    seq,
    time: 1000 * seconds,
  });
  const events = [
    at(0, started, 0),
    // The first minutes are slow; the last ones take a second a step.
    ...Array.from({ length: 5 }, (_, i) => at(100 * (i + 1), step(i + 1, 1), i + 1)),
    ...Array.from({ length: 65 }, (_, i) => at(501 + 2 * i, step(6 + i, 1), 6 + i)),
  ];
  const left = events.reduce(advance, noProgress).secondsLeft!;
  assert.ok(Math.abs(left - 60) < 4, `${left}`);
  const resumed = [...events, at(9000, { ...started, resumedFrom: 70 }, 90), at(9001, step(71, 1), 91)];
  assert.equal(resumed.reduce(advance, noProgress).secondsLeft, undefined, 'one step has no pace yet');
  const twice = [...resumed, at(9011, step(72, 1), 92)];
  assert.equal(twice.reduce(advance, noProgress).secondsLeft, 280);
  const stopped = [...twice, at(9012, { type: 'stopped', run: '/runs/a', step: 72 }, 93)];
  assert.equal(stopped.reduce(advance, noProgress).secondsLeft, undefined);
});

test('a share of steps is cut to whole per cent, and of no steps is none', () => {
  assert.equal(percentTaken({ step: 199, steps: 200 }), 99);
  assert.equal(percentTaken({ step: 0, steps: 0 }), 0);
});
