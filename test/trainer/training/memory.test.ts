/**
 * Batches and memory: what is chosen where the config leaves it open, what a run does when memory runs out, and that a
 * resume keeps to it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { WeightStore } from '../../../src/trainer/compile/weightStore.js';
import type { ModelSpec } from '../../../src/trainer/compile/compile.js';
import { buildSchema } from '../../../src/trainer/config/schema.js';
import { parseNetwork } from '../../../src/trainer/nn/families.js';
import type { ErrorInfo, TrainEvent } from '../../../src/trainer/protocol.js';
import { randomWeight } from '../../../src/trainer/models/baseModel.js';
import { readChoice, smaller, writeChoice, type BatchChoice } from '../../../src/trainer/training/batchChoice.js';
import { bestOf, chooseBatch, reportShortage, trainingBytes } from '../../../src/trainer/training/chooseBatch.js';
import { freeMemory } from '../../../src/trainer/training/freeMemory.js';
import { optimizerOf } from '../../../src/trainer/training/prepareNetwork.js';
import { eventsOf, jsonLines, vitune, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';
import { golden } from '../models/goldenCheckpoint.js';
import { methodFor } from '../peft/methodFor.js';

const network = parseNetwork(
  {
    model_type: 'vit',
    image_size: 64,
    patch_size: 8,
    hidden_size: 64,
    num_hidden_layers: 4,
    num_attention_heads: 2,
    intermediate_size: 256,
  },
  'config.json',
);
const parse = (config: object) => buildSchema().parse({ dataset: 'photos', method: 'full', ...config });
const choice = { batchSize: 16, evalBatchSize: 16, gradientAccumulationSteps: 1, gradientCheckpointing: false };

function modelOf(method: object, recomputes = false): ModelSpec {
  const norm = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5], rescale: 1 / 255 };
  return {
    config: network,
    norm,
    weights: new WeightStore({ read: (name, shape) => randomWeight(network, name, shape, 1) }),
    method: methodFor(network, method),
    labels: 3,
    height: 64,
    width: 64,
    recomputes,
  };
}

const bytes = (method: object, batchSize: number, recomputes = false, parts = 1): number =>
  trainingBytes(
    modelOf(method, recomputes),
    optimizerOf(parse({})),
    { ...choice, batchSize, gradientAccumulationSteps: parts },
    'cpu',
  );

test('the estimate grows with the batch and with what trains, and falls with recomputation', () => {
  const methods = [{ type: 'head' }, { type: 'partial', blocks: 1 }, { type: 'partial', blocks: 3 }, { type: 'full' }];
  const estimates = methods.map((method) => bytes(method, 16));
  for (let i = 1; i < estimates.length; i++) assert.ok(estimates[i]! > estimates[i - 1]!, estimates.join(', '));
  assert.ok(bytes({ type: 'full' }, 32) > bytes({ type: 'full' }, 16));
  assert.ok(bytes({ type: 'full' }, 16, false, 2) > 0);
  const values = (recomputes: boolean): number =>
    bytes({ type: 'full' }, 64, recomputes) - bytes({ type: 'full' }, 2, recomputes);
  assert.ok(values(true) < 0.6 * values(false), `${values(true)} instead of ${values(false)}`);
});

test('where the graphs for steps and evaluation are swapped, the estimate counts the larger alone', () => {
  const large = { ...network, hiddenSize: 1024, intermediateSize: 4096, layers: 8 } as typeof network;
  const model = {
    ...modelOf({ type: 'head' }),
    config: large,
    method: methodFor(large, { type: 'head' }),
    weights: new WeightStore({ read: () => assert.fail('no weight is read') }),
  };
  const estimate = (spec: ModelSpec, device: 'cpu' | 'webgpu'): number =>
    trainingBytes(spec, optimizerOf(parse({})), choice, device);
  assert.ok(
    estimate(model, 'cpu') < 0.8 * estimate(model, 'webgpu'),
    `${estimate(model, 'cpu')} and ${estimate(model, 'webgpu')}`,
  );
  const small = modelOf({ type: 'head' });
  assert.equal(estimate(small, 'cpu'), estimate(small, 'webgpu'));
});

test('a given batch that would not fit is kept, with recomputed activations, and this is reported', async () => {
  const said: Omit<ErrorInfo, 'remedy'>[] = [];
  const choose = (config: object, free: number | undefined): Promise<BatchChoice> =>
    chooseBatch({
      config: parse({ batchSize: 16, ...config }),
      model: modelOf({ type: 'full' }),
      optimizer: optimizerOf(parse({})),
      images: 1000,
      bytesOfImage: 2 ** 20,
      trainedBytes: 2 ** 18,
      device: 'webgpu',
      free,
      tryApart: () => assert.fail('nothing is to be tried'),
      notice: (notice) => said.push(notice),
    });
  assert.deepEqual(await choose({}, 2 ** 40), choice);
  assert.deepEqual(await choose({}, undefined), choice);
  assert.deepEqual(await choose({ gradientCheckpointing: false }, 2 ** 20), choice);
  assert.deepEqual(await choose({ gradientCheckpointing: true, evalBatchSize: 4 }, 2 ** 40), {
    ...choice,
    gradientCheckpointing: true,
    evalBatchSize: 4,
  });
  assert.deepEqual(
    await choose({ method: 'qlora' }, 2 ** 40),
    { ...choice, gradientCheckpointing: true },
    'memory is what it is for',
  );
  assert.deepEqual(await choose({ method: 'qlora', gradientCheckpointing: false }, 2 ** 40), choice);
  assert.deepEqual(said, []);
  assert.deepEqual(await choose({}, 2 ** 20), { ...choice, gradientCheckpointing: true });
  assert.deepEqual(
    said.map(({ code }) => code),
    ['ACTIVATIONS_RECOMPUTED'],
  );
});

test('what cannot fit is reported before the first step, with the bytes that it needs', () => {
  const noticesWith = (free: number | undefined, config: object = {}): string[] => {
    const said: Omit<ErrorInfo, 'remedy'>[] = [];
    const options = {
      config: parse(config),
      model: modelOf({ type: 'full' }),
      optimizer: optimizerOf(parse({})),
      images: 1000,
      bytesOfImage: 2 ** 20,
      trainedBytes: 2 ** 18,
      device: 'cpu' as const,
      free,
      tryApart: () => assert.fail('nothing is to be tried'),
      notice: (notice: Omit<ErrorInfo, 'remedy'>) => said.push(notice),
    };
    reportShortage(options, choice);
    return said.map(({ code, message }) => `${code} ${message}`);
  };
  const needed = trainingBytes(modelOf({ type: 'full' }), optimizerOf(parse({})), choice, 'cpu');
  assert.deepEqual(noticesWith(needed), []);
  assert.deepEqual(noticesWith(undefined), []);
  assert.deepEqual(noticesWith(2 ** 20, { method: 'pretrained' }), []);
  const [notice, ...more] = noticesWith(needed - 1);
  assert.deepEqual(more, []);
  assert.match(notice!, new RegExp(`^MEMORY_SHORT .* ${(needed / 2 ** 20).toFixed(0)} MB`));
});

test('the smallest batch is taken that is nearly as fast as any', () => {
  const rates = (...imagesPerSecond: number[]) =>
    imagesPerSecond.map((rate, i) => ({ batch: 8 * 2 ** i, imagesPerSecond: rate }));
  assert.equal(bestOf(rates(10, 20, 20.5))!.batch, 16);
  assert.equal(bestOf(rates(10, 20, 40))!.batch, 32);
  assert.equal(bestOf(rates(10, 9))!.batch, 8);
  assert.equal(bestOf([]), undefined);
});

test('smaller batches make the same step, down to single images with recomputation', () => {
  let now: BatchChoice | undefined = { ...choice, batchSize: 12, evalBatchSize: 32, gradientAccumulationSteps: 2 };
  const sizes: string[] = [];
  for (; now; now = smaller(now)) {
    assert.equal(now.batchSize * now.gradientAccumulationSteps, 24);
    sizes.push(`${now.batchSize}/${now.evalBatchSize}${now.gradientCheckpointing ? ' anew' : ''}`);
  }
  assert.deepEqual(sizes, ['12/32', '6/16', '3/8', '1/4', '1/1 anew']);
});

test('a choice holds for the config that requested it, and a damaged one is reported', async (t) => {
  const run = await temporaryFolder(t);
  const config = parse({ batchSize: 'auto' });
  assert.equal(await readChoice(run, config), undefined);
  await writeChoice(run, config, choice);
  assert.deepEqual(await readChoice(run, config), choice);
  assert.deepEqual(await readChoice(run, parse({ batchSize: 'auto', epochs: 99 })), choice);
  assert.equal(await readChoice(run, parse({ batchSize: 8 })), undefined);
  await writeChoice(run, config, { ...choice, batchSize: 0 });
  await assert.rejects(readChoice(run, config), { code: 'RUN_DAMAGED' });
});

type Choices = BatchChoice & { asked: string };
const choiceIn = async (run: string): Promise<Choices> =>
  JSON.parse(await readFile(join(run, 'batch.json'), 'utf8')) as Choices;
const codes = (events: readonly TrainEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'notice' ? [event.code] : []));

test('batchSize auto: tried in a separate process, reported, and kept by a resume', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 12, green: 12 });
  const config = await writeConfig(folder, { method: 'lora', batchSize: 'auto', epochs: 2, saveSteps: 1 });
  const run = join(folder, 'runs', 'run');
  const first = await vitune(['train', config, '--json', '--set', 'epochs=100'], {
    onLine: (line, child) => void ((JSON.parse(line) as TrainEvent).type === 'step' && child.kill('SIGINT')),
  });
  assert.equal(first.code, 130, first.stderr);
  const taken = await choiceIn(run);
  assert.ok(
    [1, 2, 4, 8].includes(taken.batchSize) && taken.evalBatchSize === taken.batchSize && !taken.gradientCheckpointing,
    JSON.stringify(taken),
  );
  assert.ok(codes(jsonLines<TrainEvent>(first.stdout)).includes('BATCH_CHOSEN'));
  const again = await vitune(['train', config, '--resume', '--json', '--set', 'epochs=100', '--set', 'maxSteps=3']);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  assert.ok(!codes(jsonLines<TrainEvent>(again.stdout)).includes('BATCH_CHOSEN'));
  assert.deepEqual(await choiceIn(run), taken);
});

test('for a network from an ONNX file the trial finds what fits, since the estimate cannot look inside', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 12, green: 12 });
  const model = join(golden, 'onnx', 'resnet.onnx');
  const path = await writeConfig(folder, {
    model,
    imageSize: 32,
    method: 'head',
    featureCache: false,
    batchSize: 'auto',
    epochs: 1,
  });
  const ended = await vitune(['train', path, '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  const chosen = jsonLines<TrainEvent>(ended.stdout).find(
    (event) => event.type === 'notice' && event.code === 'BATCH_CHOSEN',
  );
  // Rates by batch: the trial, whose step has the whole network in it, came to its end.
  assert.match(chosen?.type === 'notice' ? chosen.message : '', /: \d+\.\d/);
});

const hasPrlimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;
const limited = { skip: !hasPrlimit && 'only Linux with prlimit can limit the memory of one process' };
const data = (megabytes: number): string[] => ['prlimit', `--data=${megabytes * 2 ** 20}`];

test('a limit of the process counts as the memory there is', limited, async () => {
  const script = `import(${JSON.stringify(new URL('../../../src/trainer/training/freeMemory.ts', import.meta.url).href)}).then((m) => console.log(m.freeMemory()))`;
  const free = Number(
    spawnSync('prlimit', [`--data=${2 ** 31}`, process.execPath, '--import', 'tsx', '-e', script], { encoding: 'utf8' })
      .stdout,
  );
  assert.ok(free > 0 && free < 2 ** 31, String(free));
  assert.ok(freeMemory() > 0);
});

test(
  'a limit that Node.js and ONNX Runtime cannot work within is named before the command begins',
  limited,
  async () => {
    const run = (...limits: string[]) =>
      vitune(['inspect', 'nowhere'], limits.length ? { under: ['prlimit', ...limits] } : {});
    const { code, stderr } = await run(`--as=${2 ** 31}`);
    assert.equal(code, 2, 'the command is tried all the same');
    assert.match(stderr, /^MEMORY_LIMITED: .*Max address space\) allows 2048 MB.*\n.*ulimit -v unlimited\nDATASET_/);
    const { stderr: data } = await run(`--data=${2 ** 29}`);
    assert.match(data, /^MEMORY_LIMITED: .*Max data size\) allows 512 MB.*\n.*ulimit -d/);
    assert.match((await run()).stderr, /^DATASET_/);
  },
);

test('memory that runs out in a step: the run continues in smaller batches and finishes', limited, async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 10, green: 10 });
  // Images that are mixed need the whole batch, which else is taken in parts.
  const large = { imageSize: 64, batchSize: 1024, evalBatchSize: 8, augmentation: { mixup: 0.1 } };
  const config = await writeConfig(folder, { method: 'lora', gradientCheckpointing: false, epochs: 2, ...large });
  const ended = await vitune(['train', config, '--json'], { under: data(400) });
  assert.equal(ended.code, 0, ended.stdout.slice(-2000) + ended.stderr);
  const run = join(folder, 'runs', 'run');
  const events = await eventsOf(run);
  const { batchSize, gradientAccumulationSteps } = await choiceIn(run);
  assert.ok(batchSize < 1024 && batchSize * gradientAccumulationSteps === 1024, `batches of ${batchSize}`);
  assert.ok(codes(events).includes('BATCHES_SHRUNK'));
  const [last] = events.slice(-1);
  assert.equal(last!.type, 'finished');
  const steps = events.flatMap((event) => (event.type === 'step' ? [event.step] : []));
  assert.deepEqual([...new Set(steps)], [1, 2]);
});
