/** A head trained on a network from an ONNX file, and all that is done with its checkpoint afterwards. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import type { Classification, Evaluation, OnnxInspection, TrainEvent } from '../../../src/trainer/protocol.js';
import { assertPlain, jsonLines, vitune, vituneHere, writeConfig } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';
import { golden } from '../models/goldenCheckpoint.js';

type Of<T extends TrainEvent['type']> = Extract<TrainEvent, { type: T }>;
const eventsIn = <T extends TrainEvent['type']>(events: readonly TrainEvent[], type: T): Of<T>[] =>
  events.filter((event): event is Of<T> => event.type === type);

/** Two classes that differ in colour, with images of many brightnesses. */
async function writeColours(folder: string): Promise<void> {
  for (const [label, r, b] of [
    ['ant', 1, 0.3],
    ['bee', 0.3, 1],
  ] as const) {
    await mkdir(join(folder, label), { recursive: true });
    for (let i = 0; i < 12; i++) {
      const level = 90 + 13 * i;
      const background = { r: level * r, g: level * 0.6, b: level * b };
      await sharp({ create: { width: 40, height: 40, channels: 3, background } }).toFile(
        join(folder, label, `${label} ${i}.png`),
      );
    }
  }
}

async function prepared(t: TestContext, network: string, config: object) {
  const folder = await temporaryFolder(t);
  const model = join(folder, 'models', 'network.onnx');
  await writeColours(join(folder, 'photos'));
  await mkdir(join(folder, 'models'));
  await copyFile(join(golden, 'onnx', `${network}.onnx`), model);
  // A path with a slash could be taken for a name on the hub.
  return {
    folder,
    model,
    run: join(folder, 'run'),
    config: await writeConfig(folder, { model: 'models/network.onnx', output: 'run', ...config }),
  };
}

const answersTo = async (run: string, folder: string): Promise<Classification[]> => {
  const { code, stdout, stderr } = await vituneHere([
    'classify',
    join(folder, 'photos'),
    '--checkpoint',
    run,
    '--json',
  ]);
  assert.equal(code, 0, stderr);
  return jsonLines<Classification>(stdout);
};

test('a head learns; its checkpoint classifies, is evaluated, exported with the network, and its export is a network again', async (t) => {
  const { folder, model, run, config } = await prepared(t, 'resnet', {
    method: { type: 'head', hidden: 8 },
    epochs: 20,
    learningRate: 0.02,
  });
  const { code, stdout, stderr } = await vitune(['train', config, '--json']);
  assert.equal(code, 0, stderr);
  const events = jsonLines<TrainEvent>(stdout);
  assert.deepEqual(
    eventsIn(events, 'notice').map(({ code: each }) => each),
    ['ONNX_FEATURES', 'ONNX_NORMALISATION'],
  );
  const [started] = eventsIn(events, 'started');
  assert.ok(started!.trainableParameters === 24 * 8 + 8 + 8 * 2 + 2 && started!.totalParameters > 10_000);
  assert.ok(eventsIn(events, 'progress').some(({ phase }) => phase === 'features'));
  const [finished] = eventsIn(events, 'finished');
  assert.ok(finished!.best.accuracy > 0.9, `accuracy ${finished!.best.accuracy}`);
  assert.ok(finished!.parity!.pictures > 0 && finished!.parity!.changed.length === 0);

  const answers = await answersTo(run, folder);
  assert.equal(answers.length, 24);
  const evaluated = await vituneHere(['evaluate', '--checkpoint', run, '--dataset', join(folder, 'photos'), '--json']);
  assert.equal(evaluated.code, 0, evaluated.stderr);
  assert.ok(jsonLines<Evaluation>(evaluated.stdout)[0]!.accuracy > 0.9);

  const exported = join(folder, 'exported');
  const written = await vituneHere(['export', '--checkpoint', run, '--format', 'onnx', '--output', exported, '--json']);
  assert.equal(written.code, 0, written.stderr);
  assert.deepEqual((await readdir(exported)).sort(), ['config.json', 'model.onnx', 'preprocessor_config.json']);
  for (const format of ['peft', 'transformers']) {
    const refused = await vituneHere([
      'export',
      '--checkpoint',
      run,
      '--format',
      format,
      '--output',
      join(folder, format),
    ]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /EXPORT_IMPOSSIBLE[^]*onnx/);
    assertPlain(refused);
  }
  const again = await writeConfig(
    folder,
    { model: exported, method: 'head', epochs: 1, output: 'again' },
    'again.vitune.json',
  );
  const second = await vituneHere(['train', again, '--json']);
  assert.equal(second.code, 0, second.stderr);
  const [notice, ...others] = eventsIn(jsonLines<TrainEvent>(second.stdout), 'notice');
  assert.match(notice!.message, /\[batch, 8\]/, 'what the exported classifier reads: its hidden layer');
  assert.deepEqual(others, [], 'an export takes bytes');

  await rename(model, `${model}.away`);
  const missing = await vituneHere(['classify', join(folder, 'photos'), '--checkpoint', run]);
  assert.match(missing.stderr, /BASE_MISSING/);
  await copyFile(join(golden, 'onnx', 'vit.onnx'), model);
  const changed = await vituneHere(['classify', join(folder, 'photos'), '--checkpoint', run]);
  assert.match(changed.stderr, /BASE_CHANGED/);
});

test('a network that takes one image at a time trains, and its export takes any number', async (t) => {
  const { folder, run, config } = await prepared(t, 'resnet-one', { method: 'head', epochs: 2 });
  const { code, stderr } = await vituneHere(['train', config, '--json']);
  assert.equal(code, 0, stderr);
  // The export's parity check runs all images at once.
  const written = await vituneHere([
    'export',
    '--checkpoint',
    run,
    '--format',
    'onnx',
    '--output',
    join(folder, 'exported'),
  ]);
  assert.equal(written.code, 0, written.stderr);
});

test('the method pretrained predicts by neighbours over its features', async (t) => {
  const { folder, run, config } = await prepared(t, 'resnet-opset-11', {
    method: { type: 'pretrained', neighbors: 1 },
  });
  const { code, stderr } = await vituneHere(['train', config, '--json']);
  assert.equal(code, 0, stderr);
  const answers = await answersTo(run, folder);
  const right = answers.filter(
    (answer) => 'predictions' in answer && answer.path.includes(answer.predictions[0]!.label),
  );
  assert.ok(right.length >= 19, 'each image of training is its own nearest');
  const written = await vituneHere([
    'export',
    '--checkpoint',
    run,
    '--format',
    'onnx',
    '--output',
    join(folder, 'exported'),
  ]);
  assert.equal(written.code, 0, written.stderr);
});

test('inspect names the tensors that can be features, the one that is found first', async () => {
  const file = join(golden, 'onnx', 'resnet.onnx');
  const { code, stdout, stderr } = await vituneHere(['inspect', file, '--json']);
  assert.equal(code, 0, stderr);
  const [{ type, found, tensors }] = jsonLines<OnnxInspection>(stdout) as [OnnxInspection];
  assert.equal(type, 'onnx');
  assert.equal(tensors[0], found);
  assert.ok(tensors.length > 1 && new Set(tensors).size === tensors.length, tensors.join());
  const missing = await vituneHere(['inspect', join(golden, 'onnx', 'nowhere.onnx')]);
  assert.match(missing.stderr, /MODEL_NOT_FOUND/);
  assertPlain(missing);
});

test('a request that a frozen network cannot fulfil is refused at its place in the config', async (t) => {
  const { folder, config } = await prepared(t, 'resnet', {});
  const errorOf = async (...set: string[]): Promise<Of<'error'>> => {
    const { code, stdout } = await vituneHere(['train', config, '--json', ...set.flatMap((each) => ['--set', each])]);
    assert.equal(code, 2);
    return eventsIn(jsonLines<TrainEvent>(stdout), 'error').at(-1)!;
  };
  for (const method of ['lora', 'qlora', 'adapter', 'partial', 'full'])
    assert.equal((await errorOf(`method=${method}`)).code, 'ONNX_HEAD_ONLY', method);
  assert.equal((await errorOf('method=head', 'init=random')).code, 'ONNX_NO_RANDOM_WEIGHTS');
  const named = await writeConfig(
    folder,
    { model: 'models/network.onnx', method: 'head', featureOutput: 'nowhere' },
    'named.vitune.json',
  );
  const answer = await vituneHere(['train', named, '--json']);
  const error = eventsIn(jsonLines<TrainEvent>(answer.stdout), 'error').at(-1)!;
  assert.ok(error.code === 'ONNX_OUTPUT_UNKNOWN' && error.file === named && error.line! > 1, JSON.stringify(error));
  await rm(join(folder, 'models'), { recursive: true });
  await writeFile(join(folder, 'models'), '');
  assert.equal((await errorOf()).code, 'MODEL_NOT_FOUND');
});
