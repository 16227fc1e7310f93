/** The curves of compared runs: what they are, and that a long run stays small. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curvesOf } from '../../../src/extension/again/curves.js';
import { recordedRun } from '../../webview/recordedRun.js';

test('each run has its own epochs; a hundred thousand steps become means of at most 600', () => {
  const events = [recordedRun({ steps: 40, epochs: 4 }), recordedRun({ steps: 100_000, epochs: 20 })];
  const { accuracy, validationLoss, trainingLoss } = curvesOf(events.map((each) => ({ events: each })));
  assert.deepEqual(accuracy.map(([epochs]) => epochs.length), [4, 20]); // prettier-ignore
  assert.deepEqual(validationLoss.map(([, values]) => values.length), [4, 20]); // prettier-ignore
  assert.equal(trainingLoss[0]![0].length, 40);
  const [epochs, losses] = trainingLoss[1]!;
  assert.ok(epochs.length <= 600 && epochs.length > 300 && losses.length === epochs.length);
  assert.equal(epochs.at(-1), 20);
  const all = events[1]!.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(Math.abs(mean(losses) - mean(all)) < 0.05 * mean(all));
});
