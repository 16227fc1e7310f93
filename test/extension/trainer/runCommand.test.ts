/** Short commands of the trainer, against real processes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShownError } from '../../../src/extension/errors/shownError.js';
import { outputOf, runCommand } from '../../../src/extension/trainer/runCommand.js';
import { TrainerDied } from '../../../src/extension/trainer/trainerDied.js';
import { launchOfChild } from './launchOfChild.js';

const inspect = (path: string, signal?: AbortSignal) =>
  runCommand(launchOfChild, 'inspect', { script: 'main', args: [path], signal });

test('the objects it prints are the result', async () => {
  const outputs = await inspect('a folder');
  const dataset = { type: 'dataset', root: 'a folder', labels: ['ş'], counts: [], splits: 'seeded', problems: [] };
  assert.deepEqual(outputs, [dataset]);
  assert.equal(outputOf(outputs, 'dataset'), outputs[0]);
  assert.throws(() => outputOf(outputs, 'onnx'), /printed no onnx/);
});

test('an error it prints is thrown unchanged', async () => {
  await assert.rejects(
    inspect('missing'),
    (error) => error instanceof ShownError && error.info.remedy === 'Choose another.',
  );
});

test('a bug in it is reported with its code and message', async () => {
  await assert.rejects(
    inspect('broken'),
    (error) => error instanceof TrainerDied && error.ending === 1 && error.tail === 'it fell over',
  );
});

test('a cancel ends it', async () => {
  const controller = new AbortController();
  const answer = inspect('slow', controller.signal);
  controller.abort();
  await assert.rejects(answer, { name: 'AbortError' });
});
