/** The events of the training loop. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TrainEvent } from '../../../src/trainer/protocol.js';
import { eventsOf, jsonLines, vitune, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';

test('the first step in parts reports the loss of its first part at once', async (t) => {
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
  // The order is the seed's, so the first part are the images of the first step of four.
  assert.ok(Math.abs(partial.loss - alone.loss) < 1e-5, `${partial.loss} and ${alone.loss}`);
  assert.notEqual(partial.loss, whole.loss);
});

test('a run in int8 validates in int8 and re-evaluates its best checkpoint in fp32, as vitune evaluate does, also where nothing else is left to do', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos', 'train'), { red: 12, green: 12 });
  await writeDataset(join(folder, 'photos', 'validation'), { red: 6, green: 7 });
  const settings = { method: 'lora', maxSteps: 4, evalSteps: 2, learningRate: 1e-2, saveTotalLimit: 4 };
  const run = join(folder, 'run');
  const train = async (precision: string, output: string, ...more: string[]) => {
    const config = await writeConfig(folder, { ...settings, frozenPrecision: precision });
    const ended = await vitune(['train', config, '--set', `output=${JSON.stringify(output)}`, ...more]);
    assert.equal(ended.code, 0, ended.stderr);
    const events = await eventsOf(output);
    return { stdout: ended.stdout, events, evaluations: events.filter((event) => event.type === 'evaluation') };
  };
  const { stdout, events, evaluations } = await train('int8', run);
  const finished = events.at(-1)!;
  assert.ok(finished.type === 'finished');
  const judged = evaluations.at(-1)!;
  assert.deepEqual(
    evaluations.map(({ step, judged: isJudged }) => [step, isJudged]),
    [
      [2, undefined],
      [4, undefined],
      [finished.best.step, true],
    ],
  );
  assert.match(stdout, /The best checkpoint, re-evaluated in fp32:/);
  assert.equal(finished.best.accuracy, judged.accuracy);
  assert.deepEqual(finished.parity?.changed, []);
  assert.notEqual(evaluations.find(({ step }) => step === judged.step)!.loss, judged.loss, 'rounding leaves a trace');

  const asked = await vitune([
    'evaluate',
    '--checkpoint',
    run,
    '--dataset',
    join(folder, 'photos', 'validation'),
    '--json',
  ]);
  const [answer] = jsonLines<{ accuracy: number; loss: number }>(asked.stdout).slice(-1) as [
    { accuracy: number; loss: number },
  ];
  assert.equal(answer.accuracy, judged.accuracy);
  assert.ok(Math.abs(answer.loss - judged.loss) < 1e-5, `${answer.loss} and ${judged.loss}`);

  // As if the process had been killed after its last step: only the evaluation of the saved checkpoint is left.
  const log = await readFile(join(run, 'events.jsonl'), 'utf8');
  await writeFile(join(run, 'events.jsonl'), log.split('\n').slice(0, judged.seq).join('\n') + '\n');
  const again = await train('int8', run, '--resume');
  const { seq: _seq, time: _time, ...once } = judged;
  const { seq: _nextSeq, time: _nextTime, ...twice } = again.evaluations.at(-1)!;
  assert.deepEqual(twice, once);

  const exact = await train('fp32', join(folder, 'exact'));
  assert.deepEqual(
    exact.evaluations.map(({ step, judged: isJudged }) => [step, isJudged]),
    [
      [2, undefined],
      [4, undefined],
    ],
  );
});
