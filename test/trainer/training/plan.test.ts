/** The arithmetic of runs: steps, evaluations, checkpoints. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSchema } from '../../../src/trainer/config/schema.js';
import { planOf } from '../../../src/trainer/training/plan.js';

const plan = (config: object, images: number) =>
  planOf(
    {
      ...buildSchema().parse({ dataset: 'd', epochs: 3, ...config }),
      batchSize: 4,
      evalBatchSize: 4,
      gradientCheckpointing: false,
    },
    images,
    768,
  );
const stepsWhere = (of: (step: number) => boolean, total: number): number[] =>
  Array.from({ length: total }, (_, i) => i + 1).filter(of);

test('the last batch of an epoch may be short, and the last step have fewer parts', () => {
  assert.deepEqual([plan({}, 9).stepsPerEpoch, plan({}, 9).totalSteps], [3, 9]);
  assert.equal(plan({}, 8).stepsPerEpoch, 2);
  assert.equal(plan({}, 1).totalSteps, 3);
  assert.equal(plan({ gradientAccumulationSteps: 2 }, 9).stepsPerEpoch, 2);
  assert.equal(plan({ gradientAccumulationSteps: 100 }, 9).stepsPerEpoch, 1);
});

test('maxSteps cuts, and never adds', () => {
  assert.equal(plan({ maxSteps: 4 }, 9).totalSteps, 4);
  assert.equal(plan({ maxSteps: 400 }, 9).totalSteps, 9);
});

test('evaluations and checkpoints: after each epoch, or as configured, and always at the end', () => {
  const whole = plan({}, 9);
  assert.deepEqual(stepsWhere(whole.evaluatesAfter, 9), [3, 6, 9]);
  assert.deepEqual(stepsWhere(whole.savesAfter, 9), [3, 6, 9]);
  const often = plan({ evalSteps: 4, saveSteps: 3 }, 9);
  assert.deepEqual(stepsWhere(often.evaluatesAfter, 9), [4, 8, 9]);
  assert.deepEqual(stepsWhere(often.savesAfter, 9), [3, 4, 6, 8, 9], 'what is evaluated is saved');
  assert.deepEqual(stepsWhere(plan({ maxSteps: 4 }, 9).evaluatesAfter, 4), [3, 4]);
  for (const config of [
    {},
    { evalSteps: 4, saveSteps: 3 },
    { evalSteps: 2, saveSteps: 4 },
    { saveSteps: 100 },
    { evalSteps: 50 },
  ]) {
    const { evaluatesAfter, savesAfter, ...counts } = plan(config, 37);
    const evaluated = stepsWhere(evaluatesAfter, counts.totalSteps);
    assert.equal(counts.evaluations, evaluated.length);
    assert.equal(counts.firstEvaluation, evaluated[0]);
    assert.equal(counts.saves, stepsWhere(savesAfter, counts.totalSteps).length, JSON.stringify(config));
  }
});

test('the schedule covers the run; the warm-up rounds up', () => {
  const { schedule } = plan({ warmupRatio: 0.15, learningRate: 0.5, lrSchedulerType: 'linear' }, 9);
  assert.deepEqual(schedule, { type: 'linear', learningRate: 0.5, warmupSteps: 2, totalSteps: 9 });
});
