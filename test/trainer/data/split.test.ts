/** The seeded validation split. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../../src/trainer/data/scan.js';
import { splitOff } from '../../../src/trainer/data/split.js';

const samplesOf = (counts: number[]): Sample[] =>
  counts.flatMap((n, label) => Array.from({ length: n }, (_, i) => ({ path: `/${String(label)}/${String(i)}.png`, label })));
const countOf = (samples: Sample[], label: number) => samples.filter((sample) => sample.label === label).length;
const labels = ['a', 'b', 'c', 'd', 'e'];

test('each class gives its share, and keeps one picture on either side where it can', () => {
  const counts = [100, 10, 3, 2, 1];
  for (const fraction of [0.01, 0.2, 0.5, 0.99])
    for (let seed = 0; seed < 20; seed++) {
      const { train, validation } = splitOff(samplesOf(counts), labels, fraction, seed);
      assert.equal(train.length + validation.length, 116);
      assert.equal(new Set([...train, ...validation]).size, 116);
      counts.forEach((n, label) => {
        const expected = n === 1 ? 0 : Math.min(n - 1, Math.max(1, Math.round(n * fraction)));
        assert.equal(countOf(validation, label), expected, `${String(n)} at ${String(fraction)}`);
      });
    }
});

test('the seed decides, and decides alike again', () => {
  const draw = (seed: number) => splitOff(samplesOf([50, 50]), labels, 0.2, seed).validation.map(({ path }) => path);
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

test('another class does not move the pictures of the first', () => {
  const one = splitOff(samplesOf([50]), labels, 0.2, 3).validation;
  const two = splitOff(samplesOf([50, 40]), labels, 0.2, 3).validation.filter(({ label }) => label === 0);
  assert.deepEqual(two, one);
});

test('a share of 0 takes nothing', () => {
  assert.equal(splitOff(samplesOf([5, 5]), labels, 0, 1).validation.length, 0);
});
