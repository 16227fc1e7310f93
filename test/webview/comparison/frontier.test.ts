/** What no other method beats, and where a cost lies on its axis. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frontierOf, logPlace } from '../../../src/webview/comparison/frontier.js';

const point = (method: string, cost: number, accuracy: number) => ({ method, cost, accuracy });
const namesOf = (points: ReturnType<typeof point>[]) => frontierOf(points).map(({ method }) => method);

test('a method is on the frontier unless another is as good for less, or better for as much', () => {
  assert.deepEqual(namesOf([point('c', 3, 0.9), point('a', 1, 0.5), point('b', 2, 0.7), point('d', 4, 0.8)]), [
    'a',
    'b',
    'c',
  ]);
  assert.deepEqual(namesOf([point('slow', 2, 0.5), point('quick', 1, 0.5)]), ['quick']);
  assert.deepEqual(namesOf([point('worse', 1, 0.4), point('better', 1, 0.5)]), ['better']);
  assert.deepEqual(namesOf([point('one', 1, 0.5), point('other', 1, 0.5)]), ['one', 'other'], 'equals beat no one');
  assert.deepEqual(namesOf([]), []);
});

test('costs lie by their logarithm; none is at the begin, a decade before the cheapest', () => {
  assert.deepEqual(
    [1, 10, 100].map((cost) => logPlace(cost, [1, 10, 100])),
    [0, 0.5, 1],
  );
  assert.deepEqual(
    [0, 1, 10].map((cost) => logPlace(cost, [0, 1, 10])),
    [0, 0.5, 1],
  );
  assert.equal(logPlace(5, [5, 5]), 0.5);
  assert.equal(logPlace(0, [0, 0]), 0);
});
