/** Wilson's interval is SciPy's, and the figures of a label lie within theirs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { classIntervals, wilson } from '../../src/shared/interval.js';

const golden = JSON.parse(readFileSync(new URL('../golden/calibration.json', import.meta.url), 'utf8')) as {
  intervals: { hits: number; images: number; interval: [number, number] }[];
};

test("Wilson's interval of 95 % is SciPy's", () => {
  for (const { hits, images, interval } of golden.intervals) {
    const found = wilson(hits, images);
    for (const side of [0, 1] as const) assert.ok(Math.abs(found[side] - interval[side]) < 1e-12, `${hits}/${images}`);
  }
  assert.deepEqual(wilson(0, 0), [0, 1]);
});

test('the intervals of a label hold its figures, and narrow with more images', () => {
  const of = (times: number) => classIntervals({ hits: 8 * times, predicted: 10 * times, support: 12 * times });
  const [few, many] = [of(1), of(50)];
  for (const [name, value] of [
    ['precision', 0.8],
    ['recall', 2 / 3],
    ['f1', 16 / 22],
  ] as const) {
    assert.ok(few[name][0] < many[name][0] && many[name][0] < value, name);
    assert.ok(few[name][1] > many[name][1] && many[name][1] > value, name);
  }
  assert.deepEqual(classIntervals({ hits: 0, predicted: 0, support: 0 }).f1, [0, 1]);
});
