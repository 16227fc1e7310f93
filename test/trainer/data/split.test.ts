/** The seeded validation split. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targetsOf, type Sample } from '../../../src/trainer/data/sample.js';
import { Samples } from '../../../src/trainer/data/samples.js';
import { splitOff, splitOffCombined } from '../../../src/trainer/data/split.js';

const samplesOf = (counts: number[]): Samples =>
  Samples.of(
    counts.flatMap((n, label) =>
      Array.from({ length: n }, (_, i) => ({ path: `/${String(label)}/${String(i)}.png`, label })),
    ),
  );
const pathsOf = (...splits: Samples[]) => splits.flatMap((split) => [...split].map(({ path }) => path));
const countOf = (samples: Samples, label: number) => [...samples].filter((sample) => sample.label === label).length;
const labels = ['a', 'b', 'c', 'd', 'e'];

test('each class gives its share, and keeps one image on either side where it can', () => {
  const counts = [100, 10, 3, 2, 1];
  for (const fraction of [0.01, 0.2, 0.5, 0.99])
    for (let seed = 0; seed < 20; seed++) {
      const { train, validation } = splitOff(samplesOf(counts), labels, fraction, seed);
      assert.equal(train.length + validation.length, 116);
      assert.equal(new Set(pathsOf(train, validation)).size, 116);
      counts.forEach((n, label) => {
        const expected = n === 1 ? 0 : Math.min(n - 1, Math.max(1, Math.round(n * fraction)));
        assert.equal(countOf(validation, label), expected, `${String(n)} at ${String(fraction)}`);
      });
    }
});

test('the seed decides, and repeats its decisions', () => {
  const draw = (seed: number) => pathsOf(splitOff(samplesOf([50, 50]), labels, 0.2, seed).validation);
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

test('another class does not move the images of the first', () => {
  const one = [...splitOff(samplesOf([50]), labels, 0.2, 3).validation];
  const two = [...splitOff(samplesOf([50, 40]), labels, 0.2, 3).validation].filter(({ label }) => label === 0);
  assert.deepEqual(two, one);
});

test('a share of 0 selects nothing', () => {
  assert.equal(splitOff(samplesOf([5, 5]), labels, 0, 1).validation.length, 0);
});

test('images with several labels: the mixes that are common give their share, and no label leaves training', () => {
  const mixes = [
    ...Array<number[]>(40).fill([0, 3]),
    ...Array<number[]>(20).fill([1, 3]),
    ...Array<number[]>(3).fill([1, 4]),
    [2],
    [2, 4],
    [],
  ];
  const samples = Samples.of(mixes.map((targets, i): Sample => ({ path: `/${i}.png`, label: -1, targets })));
  for (let seed = 0; seed < 30; seed++) {
    const { train, validation } = splitOffCombined(samples, 5, 0.2, seed);
    assert.equal(new Set(pathsOf(train, validation)).size, samples.length);
    const counted = (targets: number[]) =>
      [...validation].filter((sample) => sample.targets!.join() === targets.join()).length;
    assert.deepEqual([counted([0, 3]), counted([1, 3])], [8, 4]);
    assert.ok(validation.length >= 13 && validation.length <= 14, String(validation.length));
    assert.deepEqual([...new Set([...train].flatMap(targetsOf))].sort(), [0, 1, 2, 3, 4]);
    assert.deepEqual([...splitOffCombined(samples, 5, 0.2, seed).validation], [...validation]);
  }
  const single = Samples.of(
    [...Array<number[]>(3).fill([0]), [1], [2]].map((targets, i): Sample => ({
      path: `/${i}.png`,
      label: -1,
      targets,
    })),
  );
  for (let seed = 0; seed < 30; seed++)
    assert.deepEqual(
      [...new Set([...splitOffCombined(single, 3, 0.5, seed).train].flatMap(targetsOf))].sort(),
      [0, 1, 2],
    );
  assert.equal(splitOffCombined(samples, 5, 0, 1).validation.length, 0);
});
