/** What a trial took becomes what the run takes: by steps, images, evaluations and saves, each counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSchema } from '../../../src/trainer/config/schema.js';
import type { ResolvedConfig } from '../../../src/trainer/training/batchChoice.js';
import { judged } from '../../../src/trainer/training/estimate.js';
import { extrapolate, type Costs } from '../../../src/trainer/training/extrapolate.js';
import { planOf } from '../../../src/trainer/training/plan.js';

const none: Costs = {
  setup: 0,
  step: 0,
  stepOnAllPatches: 0,
  stepAfterEvaluation: 0,
  newImage: 0,
  evaluatedImage: 0,
  newEvaluatedImage: 0,
  checkpoint: 0,
  finish: 0,
};
const images = { train: 100, validation: 20, test: 10, newTrain: 60, newValidation: 8, newTest: 5 };
const planFor = (config: object) =>
  planOf(
    buildSchema().parse({ dataset: 'photos', method: 'lora', batchSize: 10, epochs: 3, ...config }) as ResolvedConfig,
    images.train,
    64,
  );
const totals = (costs: Partial<Costs>, config: object = {}) => {
  const { total, firstMetric } = extrapolate(
    { ...none, stepOnAllPatches: costs.step ?? 0, ...costs },
    planFor(config),
    images,
    0,
  );
  return [total, firstMetric];
};

test('each cost counts as often as the run has it', () => {
  assert.deepEqual(extrapolate(none, planFor({}), images, 7), { total: 7, firstMetric: 7 });
  assert.deepEqual(totals({ setup: 5 }), [5, 5]);
  assert.deepEqual(totals({ finish: 5 }), [5, 0]);
  assert.deepEqual(totals({ step: 1 }), [30, 10]);
  assert.deepEqual(totals({ step: 1 }, { evalSteps: 4 }), [30, 4]);
  assert.deepEqual(totals({ step: 1 }, { maxSteps: 6 }), [6, 6]);
  assert.deepEqual(totals({ step: 1, stepOnAllPatches: 3 }, { patchDropoutUntil: 0.3 }), [9 + 3 * 21, 9 + 3]);
  assert.deepEqual(totals({ stepAfterEvaluation: 2 }), [6, 0]);
  assert.deepEqual(totals({ checkpoint: 1 }), [3, 0]);
  assert.deepEqual(totals({ checkpoint: 1 }, { saveSteps: 5 }), [6, 0]);
  // Three times the validation images, and the test images once.
  assert.deepEqual(totals({ evaluatedImage: 1 }), [70, 20]);
  assert.deepEqual(totals({ newEvaluatedImage: 1 }), [13, 8]);
});

test('new images cost once, and in a short run only those that it sees', () => {
  assert.deepEqual(totals({ newImage: 1 }), [60, 60]);
  assert.deepEqual(totals({ newImage: 1 }, { maxSteps: 5 }), [30, 30]);
  assert.deepEqual(totals({ newImage: 1, checkpoint: 1, evaluatedImage: 1 }, { method: 'pretrained' }), [91, 80]);
});

test('what is short is judged by what is free, memory only where the device shares it', () => {
  const estimate = {
    training: 'a',
    seconds: 1,
    firstMetricSeconds: 1,
    memoryBytes: 10,
    freeMemoryBytes: 10,
    diskBytes: 5,
    freeDiskBytes: 5,
    steps: 1,
    batchSize: 1,
    recomputes: false,
    device: 'cpu',
    images: 1,
    newImages: 1,
    short: [],
    settings: ['method=head'],
  };
  assert.deepEqual(judged(estimate).short, []);
  assert.deepEqual(judged(estimate).settings, [], 'nothing to mend');
  assert.deepEqual(judged({ ...estimate, freeMemoryBytes: 9 }).short, ['memory']);
  assert.deepEqual(judged({ ...estimate, freeMemoryBytes: 9 }).settings, ['method=head']);
  assert.deepEqual(judged({ ...estimate, freeMemoryBytes: 9, device: 'cuda' }).short, []);
  assert.deepEqual(judged({ ...estimate, freeDiskBytes: 4 }).settings, ['saveTotalLimit=1']);
});
