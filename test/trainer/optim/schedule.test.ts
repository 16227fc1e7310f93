/** Learning rates by step, against values worked out by hand from the definitions of transformers' schedules. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learningRateAt, type Schedule } from '../../../src/trainer/optim/schedule.js';

const rates = (schedule: Schedule): number[] =>
  Array.from({ length: schedule.totalSteps }, (_, step) => learningRateAt(schedule, step));
const close = (actual: number[], expected: number[]): void => {
  assert.equal(actual.length, expected.length);
  actual.forEach((rate, i) =>
    assert.ok(Math.abs(rate - expected[i]!) < 1e-12, `step ${i}: ${rate} instead of ${expected[i]}`),
  );
};

test('linear: up in the warm-up, then down to one step before zero', () => {
  close(rates({ type: 'linear', learningRate: 8, warmupSteps: 2, totalSteps: 6 }), [0, 4, 8, 6, 4, 2]);
});

test('cosine: half a cosine after the warm-up', () => {
  const half = Math.SQRT1_2;
  close(rates({ type: 'cosine', learningRate: 2, warmupSteps: 1, totalSteps: 5 }), [0, 2, 1 + half, 1, 1 - half]);
});

test('constant: stays at the peak', () => {
  close(rates({ type: 'constant', learningRate: 3, warmupSteps: 3, totalSteps: 5 }), [0, 1, 2, 3, 3]);
});

test('no warm-up, a single step, a warm-up of everything, and steps beyond the end', () => {
  close(rates({ type: 'cosine', learningRate: 1, warmupSteps: 0, totalSteps: 1 }), [1]);
  close(rates({ type: 'linear', learningRate: 1, warmupSteps: 2, totalSteps: 2 }), [0, 0.5]);
  for (const type of ['cosine', 'linear'] as const) {
    assert.ok(Math.abs(learningRateAt({ type, learningRate: 1, warmupSteps: 0, totalSteps: 4 }, 4)) < 1e-12);
    assert.ok(learningRateAt({ type, learningRate: 1, warmupSteps: 0, totalSteps: 4 }, 6) >= 0);
  }
});
