/**
 * The method `pretrained`: no training, a prediction by the nearest of the user's own images, and a checkpoint like any
 * other.
 */
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readSafetensors, writeSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import type { Classification, Evaluation, TrainEvent } from '../../../src/trainer/protocol.js';
import { assertPlain, jsonLines, vitune, vituneHere, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';
import { removeHashes } from '../models/goldenCheckpoint.js';

type Of<T extends TrainEvent['type']> = Extract<TrainEvent, { type: T }>;

async function trained(t: TestContext) {
  const folder = await temporaryFolder(t);
  // Where there are folders for the splits, the test images are those of training: each is its own nearest neighbour.
  await writeDataset(join(folder, 'photos', 'train'), { ant: 9, bee: 10 });
  await writeDataset(join(folder, 'photos', 'validation'), { ant: 3, bee: 3 });
  await writeDataset(join(folder, 'photos', 'test'), { ant: 9, bee: 10 });
  const config = await writeConfig(folder, { method: { type: 'pretrained', neighbors: 1 }, output: 'run' });
  const { code, stdout, stderr } = await vitune(['train', config, '--json']);
  assert.equal(code, 0, stderr);
  return { folder, config, run: join(folder, 'run'), events: jsonLines<TrainEvent>(stdout) };
}

test('train: features once, an evaluation, a checkpoint with equal predictions in a fresh process, and no step', async (t) => {
  const { run, events } = await trained(t);
  const only = <T extends TrainEvent['type']>(type: T): Of<T>[] =>
    events.filter((event): event is Of<T> => event.type === type);
  assert.deepEqual(only('step'), []);
  const [started] = only('started');
  assert.deepEqual([started!.steps, started!.trainableParameters, started!.method], [0, 0, 'pretrained']);
  const [validation, tested] = only('evaluation');
  assert.deepEqual(
    [validation!.split, validation!.step, tested!.split, tested!.accuracy],
    ['validation', 0, 'test', 1],
  );
  assert.ok(Math.abs(tested!.loss) < 1e-6, 'the vote of an image for itself is certain');
  const [finished] = only('finished');
  assert.equal(finished!.best.accuracy, validation!.accuracy);
  assert.ok(finished!.parity && finished!.parity.pictures > 0 && finished!.parity.changed.length === 0);
  const files = await readdir(join(run, 'checkpoints', '0'));
  assert.deepEqual(files.sort(), [
    'calibration.json',
    'config.json',
    'neighbors.safetensors',
    'outcomes.json',
    'preprocessor_config.json',
    'state.json',
    'vitune.json',
  ]);
});

test('classify and evaluate use it; what it cannot be is said', async (t) => {
  const { folder, run, config } = await trained(t);
  const photos = join(folder, 'photos', 'test');
  const classified = await vituneHere(['classify', join(photos, 'ant'), '--checkpoint', run, '--json']);
  assert.equal(classified.code, 0, classified.stderr);
  const answers = jsonLines<Classification>(classified.stdout);
  assert.equal(answers.length, 9);
  for (const answer of answers)
    assert.ok(
      'predictions' in answer && answer.predictions[0]!.label === 'ant' && answer.predictions[0]!.probability > 0.99,
    );
  const evaluated = await vituneHere(['evaluate', '--checkpoint', run, '--dataset', photos, '--json']);
  assert.equal(evaluated.code, 0, evaluated.stderr);
  assert.equal(jsonLines<Evaluation>(evaluated.stdout)[0]!.accuracy, 1);
  for (const format of ['peft', 'transformers']) {
    const refused = await vituneHere([
      'export',
      '--checkpoint',
      run,
      '--format',
      format,
      '--output',
      join(folder, format),
      '--dataset',
      photos,
    ]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /EXPORT_IMPOSSIBLE[^]*onnx/);
    assertPlain(refused);
  }
  const again = await vituneHere(['train', config, '--resume', '--json']);
  assert.match(again.stdout, /RUN_FINISHED/);
});

test('several tasks have no one label to vote for: an error at the method', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { ant: 4, bee: 4 });
  const rows = ['ant', 'bee'].flatMap((kind) =>
    [0, 1, 2, 3].map((i) => `${kind}/${kind} ${i}.png,${kind},${i % 2 ? 'odd' : 'even'}`),
  );
  await writeFile(join(folder, 'photos', 'labels.csv'), `image,kind,parity\n${rows.join('\n')}\n`);
  const config = await writeConfig(folder, {
    method: 'pretrained',
    dataset: { folder: 'photos', columns: ['kind', 'parity'] },
  });
  const answer = await vituneHere(['train', config, '--json']);
  assert.equal(answer.code, 2);
  const error = jsonLines<Of<'error'>>(answer.stdout).at(-1)!;
  assert.equal(error.code, 'NEIGHBORS_NEED_ONE_LABEL');
  assert.ok(error.file === config && error.line! > 1);
});

test('a damaged bank is named and never used', async (t) => {
  const { folder, run } = await trained(t);
  const file = join(run, 'checkpoints', '0', 'neighbors.safetensors');
  await removeHashes(join(run, 'checkpoints', '0'));
  const { tensors } = await readSafetensors(file);
  const [features, labels] = [tensors.get('neighbors.features')!, tensors.get('neighbors.labels')!];
  const bad: [string, Record<string, { shape: number[]; data: Float32Array }>][] = [
    ['no labels', { 'neighbors.features': features }],
    ['no features', { 'neighbors.labels': labels }],
    [
      'a label that is none',
      {
        'neighbors.features': features,
        'neighbors.labels': { ...labels, data: labels.data.map((label, i) => (i ? label : 2)) },
      },
    ],
    [
      'half a label',
      { 'neighbors.features': features, 'neighbors.labels': { ...labels, data: labels.data.map(() => 0.5) } },
    ],
    [
      'fewer labels',
      { 'neighbors.features': features, 'neighbors.labels': { shape: [4], data: labels.data.slice(0, 4) } },
    ],
    [
      'narrower features',
      { 'neighbors.features': { shape: [19, 4], data: features.data.slice(0, 76) }, 'neighbors.labels': labels },
    ],
    [
      'no image',
      {
        'neighbors.features': { shape: [0, 48], data: new Float32Array() },
        'neighbors.labels': { shape: [0], data: new Float32Array() },
      },
    ],
    [
      'no number',
      { 'neighbors.features': { ...features, data: features.data.map(() => NaN) }, 'neighbors.labels': labels },
    ],
  ];
  for (const [what, content] of bad) {
    await writeSafetensors(file, Object.entries(content));
    const answer = await vituneHere(['classify', join(folder, 'photos', 'test', 'ant'), '--checkpoint', run]);
    assert.equal(answer.code, 2, what);
    assert.match(answer.stderr, /^(CHECKPOINT_DAMAGED|MODEL_WEIGHT_|SAFETENSORS_)/, what);
    assertPlain(answer);
  }
});
