/** Packed steps come back as they were, as exactly as a chart shows them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packSteps, unpackSteps, type StepRow } from '../../src/shared/packedSteps.js';

const rows = Array.from({ length: 100_003 }, (_, index): StepRow => ({
  seq: 3 * index,
  time: 1_780_000_000_000 + 690 * index,
  step: index + 1,
  epoch: index / 5000,
  loss: 1.75 * Math.exp(-index / 1e4),
  learningRate: 1e-3 * Math.cos(index / 1e5),
  imagesPerSecond: 23.4,
  waiting: 0.01,
}));

test('counts and times are exact, figures keep six digits', () => {
  const read = unpackSteps(packSteps(rows));
  assert.equal(read.length, rows.length);
  for (const [index, row] of rows.entries()) {
    const { seq, time, step, ...figures } = read[index]!;
    assert.deepEqual([seq, time, step], [row.seq, row.time, row.step]);
    for (const [name, value] of Object.entries(figures)) {
      const expected = row[name as keyof StepRow];
      assert.ok(Math.abs(value - expected) <= 1e-6 * Math.abs(expected), `${name}: ${value}, ${expected}`);
    }
  }
});

test('a loss that is not finite, which JSON writes as null, becomes NaN; no steps are no text', () => {
  assert.ok(Number.isNaN(unpackSteps(packSteps([{ ...rows[0]!, loss: null }]))[0]!.loss));
  assert.deepEqual(unpackSteps(packSteps([])), []);
});
