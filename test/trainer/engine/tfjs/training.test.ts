/** Training in the real TensorFlow equals training in ONNX Runtime: each method for two steps, and stored curves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cases, type Difference } from '../deviceSteps.js';
import type { CurveDifference } from './curveSteps.js';
import { noTensorflow, runOnTensorflow } from './realPackage.js';

/** Reports each of `kinds` that is further from ONNX Runtime than `bound`. */
function assertNear(kinds: object, bound: number): void {
  const numbers = Object.entries(kinds) as [string, number][];
  assert.ok(numbers.length > 0);
  for (const [kind, difference] of numbers) assert.ok(difference <= bound, `${kind}: ${difference}`);
}

test('steps of every method in TensorFlow equal those in ONNX Runtime', { skip: noTensorflow }, async (t) => {
  const program = fileURLToPath(new URL('../deviceSteps.ts', import.meta.url));
  const differences = runOnTensorflow<Record<string, Difference>>(program);
  for (const { name } of cases) await t.test(name, () => assertNear(differences[name]!, 1e-4));
});

test('20 steps in TensorFlow are within 1e-4 of ONNX Runtime', { skip: noTensorflow }, async (t) => {
  const program = fileURLToPath(new URL('curveSteps.ts', import.meta.url));
  const differences = Object.entries(runOnTensorflow<Record<string, CurveDifference>>(program));
  assert.ok(differences.length >= 6);
  for (const [name, difference] of differences) await t.test(name, () => assertNear(difference, 1e-4));
});
