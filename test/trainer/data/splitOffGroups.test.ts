/** A split by groups parts none of them, and gives each class its share. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Samples } from '../../../src/trainer/data/samples.js';
import { splitOffGroups } from '../../../src/trainer/data/split.js';

const samplesOf = (labels: readonly number[]): Samples =>
  Samples.of(labels.map((label, i) => ({ path: `/photos/${String(i)}.jpg`, label })));
const pathsOf = (samples: Samples): string[] => [...samples].map(({ path }) => path);

test('groups stay whole, and about the share of each class validates', () => {
  const labels = Array.from({ length: 200 }, (_, i) => Math.floor(i / 100));
  const groups = labels.map((_, i) => Math.floor(i / 5));
  const { train, validation } = splitOffGroups(samplesOf(labels), groups, 2, 0.2, 1);
  assert.equal(train.length + validation.length, 200);
  const groupOf = (path: string): number => groups[Number(/(\d+)\.jpg/.exec(path)![1])]!;
  const inTraining = new Set(pathsOf(train).map(groupOf));
  assert.ok(pathsOf(validation).every((path) => !inTraining.has(groupOf(path))));
  for (const label of [0, 1]) assert.equal([...validation].filter((sample) => sample.label === label).length, 20);
});

test('the same seed draws the same, another seed something else', () => {
  const labels = Array.from({ length: 60 }, (_, i) => i % 3);
  const groups = labels.map((_, i) => i);
  const drawn = (seed: number) => pathsOf(splitOffGroups(samplesOf(labels), groups, 3, 0.2, seed).validation);
  assert.deepEqual(drawn(1), drawn(1));
  assert.notDeepEqual(drawn(1), drawn(2));
});

test('a class whose images are one group stays in training, one of two large groups gives one', () => {
  const labels = [0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
  const groups = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'c'];
  const { train, validation } = splitOffGroups(samplesOf(labels), groups, 2, 0.2, 1);
  assert.ok([...validation].every(({ label }) => label === 1));
  assert.equal(validation.length, 3);
  assert.equal(train.length, 7);
});
