/** The range of an activation: outliers are cut off, nothing else is, and constants have one too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram, rangeRules } from '../../../src/trainer/export/histogram.js';
import { Random } from '../../../src/trainer/core/random.js';

function histogramOf(numbers: Float32Array): Histogram {
  const histogram = new Histogram({
    low: numbers.reduce((a, b) => Math.min(a, b), 0),
    high: numbers.reduce((a, b) => Math.max(a, b), 0),
  });
  histogram.add(numbers);
  return histogram;
}

const random = new Random(5, 'histogram');
const normals = Float32Array.from({ length: 200_000 }, () => random.normal());

for (const rule of rangeRules) {
  test(`${rule}: of a normal distribution most of the range stays`, () => {
    const { low, high } = histogramOf(normals).rangeBy(rule);
    assert.ok(low < -2.5 && low > -5 && high > 2.5 && high < 5, `${low} to ${high}`);
  });

  test(`${rule}: an outlier is cut off, on its side alone where the other has none`, () => {
    const numbers = normals.map((value) => Math.max(-0.2, value));
    numbers[17] = 40;
    const { low, high } = histogramOf(numbers).rangeBy(rule);
    assert.ok(high < 25 && high > 2.5, String(high));
    assert.ok(low <= -0.05 && low >= -0.21, String(low));
  });

  test(`${rule}: numbers of a single value, and zeros, have a range that holds them`, () => {
    const same = histogramOf(new Float32Array(1000).fill(3)).rangeBy(rule);
    assert.ok(same.high >= 2.99 && same.high <= 3.01, String(same.high));
    const zeros = histogramOf(new Float32Array(1000)).rangeBy(rule);
    assert.ok(Math.abs(zeros.low) < 1e-3 && Math.abs(zeros.high) < 1e-3, `${zeros.low} to ${zeros.high}`);
  });
}

test('the percentile leaves out half of a hundredth of a percent at each end', () => {
  const numbers = Float32Array.from({ length: 1_000_000 }, (_, i) => i / 1_000_000 - 0.5);
  const { low, high } = histogramOf(numbers).rangeBy('percentile');
  // A bin of 4096 holds 244 numbers, more than 50.
  assert.ok(low >= -0.5 && low < -0.4995 && high <= 0.5 && high > 0.4995, `${low} to ${high}`);
});
