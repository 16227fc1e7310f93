/** What the training loop tells while it trains. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TrainEvent } from '../../../src/trainer/protocol.js';
import { eventsOf, vitune, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/pictures.js';

test('the first step in parts tells the loss of its first part at once', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 12, green: 12 });
  const lossesOf = async (name: string, settings: object): Promise<TrainEvent[]> => {
    const config = await writeConfig(folder, { method: 'lora', maxSteps: 1, ...settings });
    const ended = await vitune(['train', config, '--json', '--set', `output=${JSON.stringify(join(folder, name))}`]);
    assert.equal(ended.code, 0, ended.stderr);
    return (await eventsOf(join(folder, name))).filter(({ type }) => type === 'partialStep' || type === 'step');
  };
  const [partial, whole] = await lossesOf('in parts', { batchSize: 4, gradientAccumulationSteps: 4 });
  const [alone] = await lossesOf('alone', { batchSize: 4 });
  assert.ok(partial?.type === 'partialStep' && whole?.type === 'step' && alone?.type === 'step');
  assert.deepEqual([partial.step, partial.done, partial.total], [1, 4, 16]);
  // The order is the seed's, so the first part are the pictures of the first step of four.
  assert.ok(Math.abs(partial.loss - alone.loss) < 1e-5, `${partial.loss} and ${alone.loss}`);
  assert.notEqual(partial.loss, whole.loss);
});
