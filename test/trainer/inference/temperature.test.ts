/** The temperature and the calibration error are scikit-learn's, also where validation images are few or all right. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { Random } from '../../../src/trainer/core/random.js';
import { Reliability, reliabilityOf } from '../../../src/trainer/inference/reliability.js';
import { fitTemperature, type Labelled } from '../../../src/trainer/inference/temperature.js';

const golden = JSON.parse(readFileSync(new URL('../../golden/calibration.json', import.meta.url), 'utf8')) as {
  cases: { truth: number[]; logits: number[][]; temperature: number; before: number; after: number }[];
};

const oneLabel = (logits: number[][], truth: number[]): Labelled => ({
  multiLabel: false,
  logits: logits.map((row) => Float32Array.from(row)),
  truth,
  targets: [],
});

test("temperatures and calibration errors are scikit-learn's", () => {
  for (const { truth, logits, temperature, before, after } of golden.cases) {
    const labelled = oneLabel(logits, truth);
    const found = fitTemperature(labelled);
    assert.ok(Math.abs(found - temperature) < 1e-4 * temperature, `${found} ${temperature}`);
    assert.ok(Math.abs(reliabilityOf(labelled, 1).error() - before) < 1e-6);
    assert.ok(Math.abs(reliabilityOf(labelled, found).error() - after) < 1e-4);
  }
});

test('of a multi-label task the temperature has the least cross-entropy of its neighbours', () => {
  const { logits, truth } = golden.cases[2]!;
  const targets = logits.map((row, i) => Float32Array.from(row, (_, k) => Number(k === truth[i] || (i + k) % 5 === 0)));
  const labelled: Labelled = { ...oneLabel(logits, truth), multiLabel: true, targets };
  const loss = (temperature: number) =>
    labelled.logits.reduce(
      (sum, row, i) =>
        sum +
        row.reduce((all, logit, k) => all + Math.log1p(Math.exp(((targets[i]![k] ? -1 : 1) * logit) / temperature)), 0),
      0,
    );
  const found = fitTemperature(labelled);
  assert.ok(loss(found) < loss(found * 1.01) && loss(found) < loss(found / 1.01), String(found));
});

test('where all validation images are right, the model is as sure as the rule of succession allows', () => {
  const labelled = oneLabel(
    [
      [2, 0],
      [0, 1],
      [3, 1],
      [0, 4],
    ],
    [0, 1, 0, 1],
  );
  const found = fitTemperature(labelled);
  const bins = reliabilityOf(labelled, found).bins();
  const mean = bins.reduce((sum, { images, confidence }) => sum + images * confidence, 0) / 4;
  assert.ok(Math.abs(mean - 5 / 6) < 1e-6, String(mean));
});

test('a model worse than chance is made to say that it knows nothing', () => {
  const found = fitTemperature(
    oneLabel(
      [
        [2, 0],
        [0, 1],
        [3, 1],
      ],
      [1, 0, 1],
    ),
  );
  assert.ok(found > 1000, String(found));
});

/** Reliability of 200 images whose probabilities, 0.3 to 1, are right, or too great by `excess`. */
function simulated(random: Random, excess: number): Reliability {
  const found = new Reliability();
  for (let image = 0; image < 200; image++) {
    const probability = 0.3 + 0.7 * random.uniform();
    found.add(probability, random.uniform() < probability - excess);
  }
  return found;
}

test('the corrected error is near 0 for right probabilities and near their excess for others, the plain one is not', () => {
  const random = new Random(3, 'reliability');
  const mean = (of: () => number): number => Array.from({ length: 300 }, of).reduce((a, b) => a + b, 0) / 300;
  const right = mean(() => simulated(random, 0).correctedError());
  const plain = mean(() => simulated(random, 0).error());
  const wrong = mean(() => simulated(random, 0.2).correctedError());
  assert.ok(right < 0.035, String(right));
  assert.ok(plain > 0.07, String(plain));
  assert.ok(Math.abs(wrong - 0.2) < 0.02, String(wrong));
});

test('the corrected error is that of its formula', () => {
  const found = new Reliability();
  // One bin of 10 answers at 0.9, of which 6 are right: 0.3 squared less 0.6 · 0.4 / 9.
  for (let i = 0; i < 10; i++) found.add(0.9, i < 6);
  assert.ok(Math.abs(found.correctedError() - Math.sqrt(0.09 - 0.24 / 9)) < 1e-9, String(found.correctedError()));
  assert.equal(new Reliability().correctedError(), 0);
});
