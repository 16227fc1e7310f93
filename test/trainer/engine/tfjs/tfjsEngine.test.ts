/** The engine keeps on the device what it is told to keep, and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { noTensorflow, runOnTensorflow } from './realPackage.js';

interface Lifetimes {
  counts: Record<string, number>;
  seen: { onDevice: boolean; same: number[]; sum: number; column: number[] }[];
  refusal: string;
  misfit: string;
}

test('tensors on TensorFlow live as long as they are needed', { skip: noTensorflow }, () => {
  const program = fileURLToPath(new URL('lifetimes.ts', import.meta.url));
  const { counts, seen, refusal, misfit } = runOnTensorflow<Lifetimes>(program);
  assert.deepEqual(
    seen.map(({ onDevice }) => onDevice),
    [false, true, true],
  );
  assert.deepEqual(seen[1]!.same, [3, 6, 9, 9, 12, 15]);
  assert.deepEqual(
    seen.map(({ sum }) => sum),
    [21, 54, 120],
  );
  assert.deepEqual(seen[0]!.column, [3, 1]);
  assert.equal(counts.forSecondGraph, 1, 'graphs share a weight');
  assert.equal(counts.afterMoreRuns, counts.afterOneRun);
  assert.match(refusal, /nothing is fed to x/);
  assert.match(misfit, /x is \[2,3\], not \[1,3\]/);
  assert.equal(counts.afterFailures, counts.afterOneRun);
  assert.equal(counts.afterDisposal, counts.before);
});
