/** Streams of random numbers: they are named by their keys, are independent, and have the stated distributions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../src/trainer/core/random.js';

const COUNT = 20_000;
const draw = <T>(random: Random, one: (random: Random) => T, count = COUNT): T[] =>
  Array.from({ length: count }, () => one(random));
const uniforms = (...keys: (number | string)[]): number[] => draw(new Random(42, ...keys), (r) => r.uniform());
const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;

function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const moment = (x: readonly number[], mx: number, y: readonly number[], my: number): number =>
    mean(x.map((value, i) => (value - mx) * (y[i]! - my)));
  return moment(a, ma, b, mb) / Math.sqrt(moment(a, ma, a, ma) * moment(b, mb, b, mb));
}

test('the same seed and keys always give the same stream, on every machine', () => {
  assert.deepEqual(uniforms('augment', 3, 17), uniforms('augment', 3, 17));
  // A resume on another machine or a later version must find these numbers.
  assert.deepEqual(
    draw(new Random(42, 'order', 1), (r) => r.uint32(), 4),
    [3176259985, 1421987016, 3386983965, 2813266834],
  );
});

test('streams whose keys differ in anything are independent', () => {
  const keys: (number | string)[][] = [
    [],
    [0],
    [1],
    [2],
    [2 ** 32],
    [-1],
    ['a'],
    ['b'],
    ['ab'],
    ['a', 'b'],
    ['b', 'a'],
    ['a', 0],
    ['a', 0, 0],
    ['a', 1],
    ['a', 1, 0],
    ['a', 0, 1],
    ['1'],
    ['ä'],
    ['📷'],
  ];
  const streams = keys.map((list) => uniforms(...list));
  streams.forEach((a, i) => {
    streams.slice(i + 1).forEach((b, j) => {
      // Five deviations of the correlation of independent streams.
      const found = correlation(a, b);
      assert.ok(
        Math.abs(found) < 5 / Math.sqrt(COUNT),
        `${JSON.stringify(keys[i])} and ${JSON.stringify(keys[i + 1 + j])}: ${found}`,
      );
    });
  });
});

test('the seed counts like a key', () => {
  const [a, b] = [1, 2].map((seed) => draw(new Random(seed, 'order', 0), (r) => r.uniform()));
  assert.ok(Math.abs(correlation(a!, b!)) < 5 / Math.sqrt(COUNT));
});

test('the first numbers of neighbouring streams are spread evenly', () => {
  // Augmentation draws only a few numbers per stream: they must be as random as those of a long stream.
  const first = Array.from({ length: COUNT }, (_, image) => new Random(42, 'augment', 0, image).uniform());
  assert.ok(Math.abs(mean(first) - 0.5) < 5 * Math.sqrt(1 / 12 / COUNT));
  assert.ok(Math.abs(correlation(first.slice(1), first.slice(0, -1))) < 5 / Math.sqrt(COUNT));
});

test('uniform numbers lie in [0, 1) and fill it evenly', () => {
  const found = uniforms('uniform');
  assert.ok(found.every((value) => value >= 0 && value < 1));
  const bins = new Array<number>(100).fill(0);
  for (const value of found) bins[Math.floor(value * 100)]!++;
  const expected = COUNT / 100;
  const chiSquared = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 99 degrees of freedom: mean 99, deviation 14.
  assert.ok(chiSquared > 40 && chiSquared < 170, `chi squared is ${chiSquared}`);
  assert.ok(Math.abs(correlation(found.slice(1), found.slice(0, -1))) < 5 / Math.sqrt(COUNT));
});

test('below(n) gives exactly the integers from 0 to n - 1', () => {
  const found = draw(new Random(1), (r) => r.below(7));
  assert.deepEqual([...new Set(found)].sort(), [0, 1, 2, 3, 4, 5, 6]);
});

test('normal numbers have mean 0, deviation 1 and thin tails', () => {
  const found = draw(new Random(1), (r) => r.normal());
  assert.ok(found.every(Number.isFinite));
  assert.ok(Math.abs(mean(found)) < 5 / Math.sqrt(COUNT));
  assert.ok(Math.abs(mean(found.map((x) => x * x)) - 1) < 5 * Math.sqrt(2 / COUNT));
  assert.ok(Math.abs(mean(found.map((x) => x ** 4)) - 3) < 5 * Math.sqrt(96 / COUNT));
  assert.ok(Math.abs(mean(found.map((x) => Number(Math.abs(x) < 1))) - 0.6827) < 5 * Math.sqrt(0.22 / COUNT));
});

test('a shuffle is a permutation, in place, and every place gets every element equally often', () => {
  const list = Array.from({ length: 100 }, (_, i) => i);
  const shuffled = new Random(1).shuffle(list);
  assert.equal(shuffled, list);
  assert.notDeepEqual(
    shuffled,
    [...shuffled].sort((a, b) => a - b),
  );
  assert.deepEqual(
    [...shuffled].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  );
  const random = new Random(2);
  const counts = [0, 1, 2, 3].map(() => [0, 0, 0, 0]);
  for (let i = 0; i < COUNT; i++) random.shuffle([0, 1, 2, 3]).forEach((element, place) => counts[place]![element]!++);
  for (const count of counts.flat())
    assert.ok(Math.abs(count - COUNT / 4) < 5 * Math.sqrt((COUNT * 3) / 16), `${count}`);
  assert.deepEqual(new Random(1).shuffle([]), []);
  assert.deepEqual(new Random(1).shuffle(['one']), ['one']);
});

test('beta: mean and variance, within [0, 1] even for an alpha with arbitrarily small samples', () => {
  for (const alpha of [0.01, 0.2, 1, 2.5, 50]) {
    const list = draw(new Random(42, 'beta'), (r) => r.beta(alpha));
    assert.ok(list.every((value) => value >= 0 && value <= 1));
    const variance = 1 / (4 * (2 * alpha + 1));
    assert.ok(Math.abs(mean(list) - 0.5) < 5 * Math.sqrt(variance / COUNT), `${alpha}: mean ${mean(list)}`);
    assert.ok(Math.abs(mean(list.map((value) => (value - 0.5) ** 2)) / variance - 1) < 0.05, `${alpha}: variance`);
  }
  // Beta(1, 1) is even: each tenth has a tenth.
  const even = draw(new Random(42, 'even'), (r) => Math.floor(10 * r.beta(1)));
  for (let tenth = 0; tenth < 10; tenth++)
    assert.ok(Math.abs(even.filter((each) => each === tenth).length / COUNT - 0.1) < 0.012);
});
