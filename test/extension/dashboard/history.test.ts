/** A run of 100,000 steps and 500 classes is handed to its dashboard in few bytes, and nothing that it shows is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { historyOf } from '../../../src/extension/dashboard/history.js';
import { unpackSteps } from '../../../src/shared/packedSteps.js';
import { advance, noProgress } from '../../../src/shared/runProgress.js';
import { recordedRun } from '../../webview/recordedRun.js';

test('the history has the matrices that are shown, and is below four million bytes', () => {
  const labels = Array.from({ length: 500 }, (_, index) => `class ${index}`);
  const events = recordedRun({ steps: 100_000, epochs: 20, labels });
  const history = historyOf({ events, progress: events.reduce(advance, noProgress) });
  const evaluations = history.events.filter((event) => event.type === 'evaluation');
  assert.equal(evaluations.length, 20);
  const whole = evaluations.filter(({ confusion }) => confusion.length === 500);
  const best = events.at(-1)!;
  assert.ok(best.type === 'finished' && whole.some(({ step }) => step === best.best.step));
  assert.ok(whole.length <= 2, String(whole.length));
  assert.ok(JSON.stringify(history).length < 4e6, String(JSON.stringify(history).length));
  assert.equal(
    history.events.length + unpackSteps(history.steps).step.length,
    events.length,
    'each event is there once',
  );
});
