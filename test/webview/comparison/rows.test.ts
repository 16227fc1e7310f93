/** What each method of a comparison is at, and which is the best in what. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ComparisonRow } from '../../../src/trainer/protocol.js';
import { hasMoreSeeds, methodRows, shareDone } from '../../../src/webview/comparison/rows.js';

const row = (method: string, accuracy: number, seconds: number): ComparisonRow => ({
  method,
  run: `/runs/${method}`,
  accuracy,
  seconds,
});
const error = { code: 'X', message: 'It cannot.', remedy: 'Do other.' };
const comparison = (rows: ComparisonRow[], methods = ['head', 'lora', 'full']) => ({
  format: 1 as const,
  dataset: '/emoji',
  settings: [],
  methods,
  rows,
});

test('each method is done, failed, at work or still to come', () => {
  const work = { method: 'full', phase: null, done: 1, total: 4, stopping: false };
  const state = { comparison: comparison([row('head', 0.5, 1), { method: 'lora', run: '/runs/lora', error }]), work };
  assert.deepEqual(
    methodRows(state).map(({ state: at }) => at),
    ['done', 'failed', 'working'],
  );
  assert.equal(shareDone(state), (2 + 1 / 4) / 3);
  assert.deepEqual(
    methodRows({ ...state, work: null }).map(({ state: at }) => at),
    ['done', 'failed', 'waiting'],
  );
  assert.equal(methodRows({ ...state, work: { ...work, method: 'lora' } })[1]!.state, 'working');
});

test('of two seeds one is half of the work', () => {
  const once = { ...row('head', 0.5, 1), seeds: [{ seed: 1, run: 'r', accuracy: 0.5 }] };
  const twice = { ...once, seeds: [...once.seeds, { seed: 2, run: 's', accuracy: 0.5 }] };
  const of = (rows: ComparisonRow[]) => ({ comparison: { ...comparison(rows, ['head']), seeds: 2 }, work: null });
  assert.equal(shareDone(of([once])), 0.5);
  assert.equal(hasMoreSeeds(of([once])), true);
  assert.equal(shareDone(of([twice])), 1);
  assert.equal(hasMoreSeeds(of([twice])), false);
  assert.equal(hasMoreSeeds(of([])), false, 'the method itself is still to come');
});

test('the most accurate and the fastest are marked, ties both, a failed one never, one alone neither', () => {
  const bestOf = (rows: ComparisonRow[]) =>
    methodRows({ comparison: comparison(rows), work: null }).map(({ best }) => [...best]);
  assert.deepEqual(bestOf([row('head', 0.5, 1), row('lora', 0.9, 3), row('full', 0.9, 5)]), [
    ['seconds'],
    ['accuracy'],
    ['accuracy'],
  ]);
  assert.deepEqual(bestOf([row('head', 0.5, 1), { ...row('lora', 1, 0), error }]), [[], [], []]);
});
