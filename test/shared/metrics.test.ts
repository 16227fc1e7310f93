/** The rows of the metrics: values against scikit-learn's, directions, and what a task has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  commonMetrics,
  extraFigures,
  isBetter,
  measure,
  metrics,
  metricsOf,
  type MetricName,
  type Tally,
} from '../../src/shared/metrics.js';

const l10n = { t: (message: string) => message };

/**
 * Ten images: five cats (4 right, 1 taken for a dog), three dogs (2 right, 1 taken for a bird), two birds (none right,
 * both taken for cats).
 */
const oneLabel: Tally = {
  multiLabel: false,
  images: 10,
  right: 6,
  loss: 5,
  classes: [
    { label: 'bird', hits: 0, predicted: 1, support: 2 },
    { label: 'cat', hits: 4, predicted: 6, support: 5 },
    { label: 'dog', hits: 2, predicted: 3, support: 3 },
  ],
};
const multiLabel: Tally = {
  multiLabel: true,
  images: 4,
  right: 1,
  loss: 2,
  classes: [
    { label: 'a', hits: 1, predicted: 2, support: 1, averagePrecision: 1 },
    { label: 'b', hits: 2, predicted: 2, support: 4, averagePrecision: 0.75 },
    { label: 'never', hits: 0, predicted: 1, support: 0 },
  ],
};

/** By the formulas of scikit-learn's functions, worked out by hand. */
const expected: Record<MetricName, [Tally, number]> = {
  accuracy: [oneLabel, 0.6],
  loss: [oneLabel, 0.5],
  balancedAccuracy: [oneLabel, (0 / 2 + 4 / 5 + 2 / 3) / 3],
  meanAveragePrecision: [multiLabel, 0.875],
  f1Micro: [multiLabel, 6 / 10],
  f1Macro: [multiLabel, (2 / 3 + 4 / 6 + 0) / 3],
};

test('the value of every metric', () => {
  for (const { name, update } of metrics) {
    const [tally, value] = expected[name];
    assert.ok(Math.abs(update(tally) - value) < 1e-12, name);
  }
});

test('every metric has a name, an explanation and a direction; better means smaller for the loss alone', () => {
  for (const { name, title, help, higherIsBetter } of metrics) {
    assert.match(title(l10n), /^\p{L}/u, name);
    assert.match(help(l10n), /\.$/, name);
    assert.equal(higherIsBetter, name !== 'loss', name);
  }
});

test('a task has the metrics of its kind, and no image is a bug', () => {
  assert.deepEqual(
    Object.keys(measure(oneLabel)),
    metricsOf('oneLabel').map(({ name }) => name),
  );
  assert.deepEqual(
    Object.keys(measure(multiLabel)),
    metricsOf('multiLabel').map(({ name }) => name),
  );
  assert.throws(() => measure({ ...oneLabel, images: 0 }), /no images/);
});

test('balanced accuracy leaves out labels without images, as scikit-learn does', () => {
  const unseen = { label: 'fish', hits: 0, predicted: 1, support: 0 };
  const { balancedAccuracy } = measure({ ...oneLabel, classes: [...oneLabel.classes, unseen] });
  assert.equal(balancedAccuracy, measure(oneLabel).balancedAccuracy);
});

test('what is shown next to accuracy and loss: the metrics that are there, in order', () => {
  assert.deepEqual(
    extraFigures({ f1Macro: 0.5, meanAveragePrecision: 0.25 }).map(({ metric, value }) => [metric.name, value]),
    [
      ['meanAveragePrecision', 0.25],
      ['f1Macro', 0.5],
    ],
  );
});

test('better: by the direction of the metric, then by the loss', () => {
  const base = { accuracy: 0.5, loss: 1 };
  const cases: [name: 'accuracy' | 'loss', other: typeof base, better: boolean][] = [
    ['accuracy', { accuracy: 0.6, loss: 9 }, true],
    ['accuracy', { accuracy: 0.4, loss: 0 }, false],
    ['accuracy', { accuracy: 0.5, loss: 0.9 }, true],
    ['accuracy', base, false],
    ['loss', { accuracy: 0, loss: 0.9 }, true],
    ['loss', { accuracy: 1, loss: 1.1 }, false],
    ['loss', { accuracy: 1, loss: 1 }, false],
  ];
  for (const [name, other, better] of cases) assert.equal(isBetter(name, other, base), better, `${name} ${other.loss}`);
  assert.deepEqual(
    commonMetrics.map(({ name }) => name),
    ['accuracy', 'loss'],
  );
});
