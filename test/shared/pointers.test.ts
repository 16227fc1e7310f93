/** The last and the best checkpoint, by what a trainer left on disk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pointersOf, stateFileOf } from '../../src/shared/pointers.js';
import { stepOfCheckpoint, stepOfPointer } from '../../src/shared/runFolder.js';

const of = (steps: number[], files: Record<string, string>) =>
  pointersOf(steps, (name) => Promise.resolve(files[name]));

test('the state of the last checkpoint says which is the best, whatever stale pointers say', async () => {
  const files = { last: '4\n', best: '2\n', [stateFileOf(6)]: '{"step":6,"best":{"step":6,"accuracy":1}}' };
  assert.deepEqual(await of([2, 4, 6], files), { last: 6, best: 6 });
  assert.deepEqual(await of([2, 6], { ...files, [stateFileOf(6)]: '{"best":{"step":2}}' }), { last: 6, best: 2 });
});

test('a best that is not there is none', async () => {
  assert.deepEqual(await of([4], { [stateFileOf(4)]: '{"best":{"step":2}}', best: '4' }), { last: 4 });
  assert.deepEqual(await of([], { last: '3', best: '3' }), {});
});

test('where the state cannot be read, the pointer counts', async () => {
  assert.deepEqual(await of([2, 4], { [stateFileOf(4)]: '{"best":', best: '2\n' }), { last: 4, best: 2 });
  assert.deepEqual(await of([2, 4], { best: 'two' }), { last: 4 });
});

test('a step is a whole number, in a pointer and as the name of a folder', () => {
  assert.deepEqual(['7\n', '7', '', '-1', '1.5', '7 8', '../7', '1'.repeat(30)].map(stepOfPointer), [
    7,
    7,
    ...Array.from({ length: 6 }, () => undefined),
  ]);
  assert.deepEqual(['0', '12', '012', '.unfinished-7', '7a', ''].map(stepOfCheckpoint), [
    0,
    12,
    ...Array.from({ length: 4 }, () => undefined),
  ]);
});
