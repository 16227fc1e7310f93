/** Packed steps come back as they were, as exactly as a chart shows them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packSteps, unpackSteps, type StepRow } from '../../src/shared/packedSteps.js';

const rows = Array.from({ length: 100_003 }, (_, index): StepRow => ({
  seq: 3 * index,
  step: index + 1,
  loss: 1.75 * Math.exp(-index / 1e4),
  learningRate: 1e-3 * Math.cos(index / 1e5),
}));

const packedAndRead = (steps: StepRow[]) => unpackSteps(Buffer.from(packSteps(steps)).toString('base64'));

test('counts are exact, figures keep six digits', () => {
  const read = packedAndRead(rows);
  for (const name of ['seq', 'step'] as const)
    assert.deepEqual(
      [...read[name]],
      rows.map((row) => row[name]),
    );
  for (const name of ['loss', 'learningRate'] as const) {
    assert.equal(read[name].length, rows.length);
    for (const [index, row] of rows.entries()) {
      const [value, expected] = [read[name][index]!, row[name]!];
      assert.ok(Math.abs(value - expected) <= 1e-6 * Math.abs(expected), `${name}: ${value}, ${expected}`);
    }
  }
});

test('a loss that is not finite, which JSON writes as null, becomes NaN; no steps are no text', () => {
  assert.deepEqual([...packedAndRead([{ ...rows[0]!, loss: null }]).loss], [Number.NaN]);
  assert.equal(packSteps([]).length, 0);
  assert.equal(unpackSteps('').step.length, 0);
});
