/** A run that is killed at any moment and resumed ends, bit for bit, as one that was never killed. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { watch } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import type { RecordedEvent } from '../../../src/trainer/protocol.js';
import { Random } from '../../../src/trainer/core/random.js';
import { eventsOf, vitune, writeConfig, writeDataset, type StartOptions } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';
import { golden } from '../models/goldenCheckpoint.js';

// Everything random at once, but what has an entry of its own: order, crops, flips, dropout masks, adapters and head.
// An epoch has 15 images: 8 batches, of which the last is padded.
const common = {
  seed: 7,
  batchSize: 2,
  epochs: 2,
  evalSteps: 8,
  dropout: 0.1,
  saveSteps: 2,
  labelSmoothingFactor: 0.1,
  saveTotalLimit: 2,
};

const methods: { name: string; config: object; steps: number; kills: number }[] = [
  {
    name: 'LoRA',
    config: { ...common, method: { type: 'lora', rank: 4, dropout: 0.2, targetModules: ['query', 'value'] } },
    steps: 16,
    kills: 5,
  },
  { name: 'LoRA in int8', config: { ...common, method: 'lora', frozenPrecision: 'int8' }, steps: 16, kills: 2 },
  { name: 'full', config: { ...common, method: 'full', learningRate: 1e-4 }, steps: 16, kills: 2 },
  {
    name: 'every regularisation',
    config: {
      ...common,
      method: 'lora',
      augmentation: { randAugment: {}, randomErasing: 0.5, mixup: 0.4, cutmix: 1 },
      dropPath: 0.3,
      ema: { decay: 0.9 },
    },
    steps: 16,
    kills: 2,
  },
  { name: 'partial', config: { ...common, method: { type: 'partial', blocks: 1 } }, steps: 16, kills: 1 },
  { name: 'adapter', config: { ...common, method: { type: 'adapter', reductionFactor: 8 } }, steps: 16, kills: 1 },
  { name: 'DoRA', config: { ...common, method: { type: 'lora', rank: 2, useDora: true } }, steps: 16, kills: 1 },
  { name: 'QLoRA', config: { ...common, method: { type: 'qlora', rank: 2 } }, steps: 16, kills: 1 },
  { name: 'Muon', config: { ...common, method: 'full', optim: 'muon' }, steps: 16, kills: 1 },
  // Features computed once, of two views, partly before a kill and partly after it, by processes with a cache of their
  // own.
  {
    name: 'features',
    config: { ...common, method: { type: 'head', dropout: 0.2 }, dropout: 0, augmentation: { views: 2 } },
    steps: 16,
    kills: 3,
  },
  // Rounded features depend on the images of their batch, which must be the same ones after a kill.
  {
    name: 'features in int8',
    config: { ...common, method: 'head', dropout: 0, frozenPrecision: 'int8', augmentation: { views: 2 } },
    steps: 16,
    kills: 2,
  },
  // The network from a file within every step, as fresh augmentation needs it.
  {
    name: 'an ONNX file',
    config: {
      ...common,
      model: join(golden, 'onnx', 'resnet.onnx'),
      method: { type: 'head', dropout: 0.2 },
      dropout: 0,
      featureCache: false,
    },
    steps: 16,
    kills: 2,
  },
  // Steps of three, three and two batches.
  {
    name: 'gradient accumulation',
    config: { ...common, method: 'lora', gradientAccumulationSteps: 3, epochs: 5, evalSteps: 3 },
    steps: 15,
    kills: 2,
  },
];

/** SHA-256 of each file of the folder. */
async function hashesOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(
      names.map(
        async (name) =>
          [
            name,
            createHash('sha256')
              .update(await readFile(join(folder, name)))
              .digest('hex'),
          ] as const,
      ),
    ),
  );
}

const lossesOf = (events: readonly RecordedEvent[]): Map<number, number> =>
  new Map(events.flatMap((event) => (event.type === 'step' ? [[event.step, event.loss]] : [])));

for (const { name, config, steps, kills } of methods) {
  test(`${name}: killed ${kills} times and resumed equals never killed`, async (t) => {
    const folder = await temporaryFolder(t);
    await writeDataset(join(folder, 'photos'), { ant: 9, bee: 10 });
    const path = await writeConfig(folder, config);
    const whole = join(folder, 'whole');
    const undisturbed = await vitune(['train', path, '--set', `output=${whole}`, '--json']);
    assert.equal(undisturbed.code, 0, undisturbed.stderr);

    const run = join(folder, 'killed');
    // One kill in each part of the run, at a random moment of a step.
    const random = new Random(1, name);
    let isOver = false;
    let died = 0;
    for (let kill = 0; !isOver; kill++) {
      assert.ok(kill <= kills, 'the last start is not killed');
      const at = kill === kills ? Infinity : Math.floor(((kill + random.uniform()) / kills) * (steps - 1)) + 1;
      const delay = 30 * random.uniform();
      const ended = await vitune(['train', path, '--set', `output=${run}`, '--json', ...(kill ? ['--resume'] : [])], {
        env: { VITUNE_CACHE: join(folder, 'cache') },
        onLine: (line, child) => {
          const event = JSON.parse(line) as RecordedEvent;
          if (event.type !== 'step' || event.step < at) return;
          // The second is to hit a save, which every other step has: as soon as something unfinished appears.
          if (kill === 1)
            watch(
              join(run, 'checkpoints'),
              (_, file) => file?.startsWith('.unfinished') && child.kill('SIGKILL'),
            ).unref();
          else void pause(delay).then(() => child.kill('SIGKILL'));
        },
      });
      if (ended.signal === 'SIGKILL') died++;
      else {
        assert.equal(ended.code, 0, ended.stderr);
        isOver = true;
      }
    }
    assert.equal(died, kills);

    const [expected, actual] = [await eventsOf(whole), await eventsOf(run)];
    assert.equal(actual.at(-1)!.type, 'finished');
    assert.ok(actual.filter(({ type }) => type === 'started').length === kills + 1);
    assert.deepEqual(lossesOf(actual), lossesOf(expected));
    const checkpoints = (await readdir(join(whole, 'checkpoints'))).sort();
    assert.deepEqual(
      (await readdir(join(run, 'checkpoints'))).sort(),
      checkpoints,
      'the same checkpoints, and nothing unfinished',
    );
    assert.ok(checkpoints.includes(String(steps)));
    for (const step of checkpoints) {
      const hashes = await hashesOf(join(whole, 'checkpoints', step));
      assert.ok(
        'optimizer.safetensors' in hashes && ('adapter_model.safetensors' in hashes || 'model.safetensors' in hashes),
      );
      assert.deepEqual(await hashesOf(join(run, 'checkpoints', step)), hashes, step);
    }
    for (const pointer of ['last', 'best'])
      assert.equal(await readFile(join(run, pointer), 'utf8'), await readFile(join(whole, pointer), 'utf8'));
  });
}

for (const [name, config] of [
  ['batches of one, some of which are empty', { ...common, method: 'lora', batchSize: 1, evalSteps: 17, saveSteps: 3 }],
  ['mixed batches', { ...common, method: 'lora', augmentation: { mixup: 0.4, cutmix: 1 }, saveSteps: 3 }],
  [
    'accumulated batches of one',
    { ...common, method: 'lora', batchSize: 1, gradientAccumulationSteps: 3, evalSteps: 6 },
  ],
  ['features in int8', { ...common, method: 'head', dropout: 0, frozenPrecision: 'int8' }],
] as const) {
  test(`unreadable images amid an epoch, ${name}: left out and reported, and killed, resumed with a new cache equals never killed`, async (t) => {
    const folder = await temporaryFolder(t);
    await writeDataset(join(folder, 'photos'), { ant: 9, bee: 10 });
    const bad = [
      join('ant', 'ant 3.png'),
      join('ant', 'ant 5.png'),
      join('bee', 'bee 2.png'),
      join('bee', 'bee 8.png'),
    ].map((file) => join(folder, 'photos', file));
    for (const file of bad) await writeFile(file, 'no image');
    const path = await writeConfig(folder, config);
    const [whole, run] = [join(folder, 'whole'), join(folder, 'killed')];
    const train = (output: string, more: string[], onLine?: StartOptions['onLine']) =>
      vitune(['train', path, '--set', `output=${output}`, '--json', ...more], {
        onLine,
        env: { VITUNE_CACHE: join(folder, 'cache') },
      });
    const undisturbed = await train(whole, []);
    assert.equal(undisturbed.code, 0, undisturbed.stderr);
    const expected = await eventsOf(whole);
    assert.deepEqual(
      expected
        .flatMap((event) => (event.type === 'notice' && event.code === 'IMAGE_UNREADABLE' ? [event.file] : []))
        .sort(),
      bad,
    );
    const started = expected.findIndex(({ type }) => type === 'started');
    assert.ok(
      started < expected.findIndex((event) => event.type === 'notice' && event.code === 'IMAGE_UNREADABLE'),
      'images are not looked at before the run begins',
    );
    const { steps } = expected.find((event) => event.type === 'started')!;

    await rm(join(folder, 'cache'), { recursive: true });
    const killed = await train(run, [], (line, child) => {
      const event = JSON.parse(line) as RecordedEvent;
      if (event.type === 'checkpoint' && event.step >= 5) child.kill('SIGKILL');
    });
    assert.equal(killed.signal, 'SIGKILL');
    await rm(join(folder, 'cache'), { recursive: true });
    const resumed = await train(run, ['--resume']);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.deepEqual(lossesOf(await eventsOf(run)), lossesOf(expected));
    const last = (output: string): string => join(output, 'checkpoints', String(steps));
    assert.deepEqual(await hashesOf(last(run)), await hashesOf(last(whole)));
  });
}

for (const featureCache of [false, true]) {
  test(
    `stopped amid an evaluation, ${featureCache ? 'with' : 'without'} features: saved before it, evaluated when resumed, and all as if never stopped`,
    { skip: process.platform === 'win32' && 'Windows ends a process instead' },
    async (t) => {
      const folder = await temporaryFolder(t);
      await writeDataset(join(folder, 'photos'), { ant: 160, bee: 160 });
      // So many batches that the stop comes before the last.
      const config = {
        method: 'head',
        featureCache,
        batchSize: 16,
        evalBatchSize: 1,
        validationSplit: 0.9,
        augmentation: { randomResizedCrop: false },
      };
      const path = await writeConfig(folder, config);
      const [whole, run] = [join(folder, 'whole'), join(folder, 'stopped')];
      const undisturbed = await vitune(['train', path, '--set', `output=${whole}`, '--json']);
      assert.equal(undisturbed.code, 0, undisturbed.stderr);

      let isAsked = false;
      const stopped = await vitune(['train', path, '--set', `output=${run}`, '--json'], {
        onLine: (line, child) => {
          const event = JSON.parse(line) as RecordedEvent;
          if (!isAsked && event.type === 'progress' && event.phase === 'evaluate') isAsked = child.kill('SIGINT');
        },
      });
      assert.equal(stopped.code, 130, stopped.stderr);
      const before = await eventsOf(run);
      assert.equal(before.at(-1)!.type, 'stopped');
      assert.ok(!before.some(({ type }) => type === 'evaluation'), 'it was not over');

      const resumed = await vitune(['train', path, '--set', `output=${run}`, '--json', '--resume']);
      assert.equal(resumed.code, 0, resumed.stderr);
      const [expected, actual] = [await eventsOf(whole), await eventsOf(run)];
      const evaluations = (events: readonly RecordedEvent[]) =>
        events.flatMap((event) =>
          event.type === 'evaluation'
            ? [{ step: event.step, epoch: event.epoch, loss: event.loss, accuracy: event.accuracy }]
            : [],
        );
      assert.deepEqual(evaluations(actual), evaluations(expected));
      for (const step of await readdir(join(whole, 'checkpoints')))
        assert.deepEqual(
          await hashesOf(join(run, 'checkpoints', step)),
          await hashesOf(join(whole, 'checkpoints', step)),
          step,
        );
    },
  );
}
