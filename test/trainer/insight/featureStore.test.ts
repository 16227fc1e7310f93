/**
 * Runs on features that are computed once: the same outputs as without, nothing computed twice, and no trust in the
 * files on disk.
 */
import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { featurePacks } from '../../../src/trainer/data/featureCache.js';
import type { TrainEvent } from '../../../src/trainer/protocol.js';
import { jsonLines, vitune, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';

const plain = { randomResizedCrop: false, horizontalFlip: 0 };
const lora = { type: 'lora', rank: 4, targetModules: ['layer.2.attention.attention.query'] };

interface Scene {
  folder: string;
  cache: string;
  /** Runs a training with the config and gives its events. */
  train(config: object, env?: NodeJS.ProcessEnv): Promise<TrainEvent[]>;
}

async function scene(t: TestContext): Promise<Scene> {
  const folder = await temporaryFolder(t);
  const cache = join(folder, 'cache');
  await writeDataset(join(folder, 'photos'), { ant: 9, bee: 10 });
  let runs = 0;
  return {
    folder,
    cache,
    async train(config, env = {}) {
      const path = await writeConfig(folder, { batchSize: 4, epochs: 3, output: `run ${runs++}`, ...config });
      const { code, stdout, stderr } = await vitune(['train', path, '--json'], {
        env: { VITUNE_CACHE: cache, ...env },
      });
      assert.equal(code, 0, stderr);
      return jsonLines<TrainEvent>(stdout);
    },
  };
}

const lossesOf = (events: TrainEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'step' || event.type === 'evaluation' ? [event.loss] : []));
/** How many features were computed, of all splits and views. */
const computed = (events: TrainEvent[]): number =>
  events.reduce(
    (sum, event) =>
      sum + (event.type === 'progress' && event.phase === 'features' && event.done === event.total ? event.total : 0),
    0,
  );
const noticesOf = (events: TrainEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'notice' ? [event.code] : []));

function assertClose(actual: number[], expected: number[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) =>
    assert.ok(
      Math.abs(value - expected[i]!) <= 1e-5 * Math.abs(expected[i]!),
      `${i}: ${value} instead of ${expected[i]}`,
    ),
  );
}

for (const [name, method] of [
  ['head', 'head'],
  ['LoRA on the last block', lora],
] as const) {
  test(`${name}: the losses equal those of a run that recomputes everything, and a second run computes nothing`, async (t) => {
    const { train, cache } = await scene(t);
    const config = { method, augmentation: plain };
    const anew = await train({ ...config, featureCache: false });
    assert.equal(computed(anew), 0);
    const first = await train(config);
    assert.equal(computed(first), 19);
    assertClose(lossesOf(first), lossesOf(anew));
    const { parity } = first.at(-1) as Extract<TrainEvent, { type: 'finished' }>;
    assert.ok(
      parity && parity.pictures === 4 && parity.changed.length === 0,
      'a fresh process answers the images as the suffix their features',
    );
    const second = await train(config);
    assert.equal(computed(second), 0);
    assert.deepEqual(lossesOf(second), lossesOf(first));
    assert.equal((await featurePacks(cache)).length, 1);
    const other = await train({ ...config, batchSize: 5, seed: 1 });
    assert.equal(computed(other), 0, 'neither batch size nor seed is in the key');
  });
}

test('fixed views: the first is shared, the others belong to seed and augmentation, and each comes up in its epoch', async (t) => {
  const { train } = await scene(t);
  const config = { method: 'head', augmentation: { views: 2 } };
  const first = await train(config);
  assert.equal(computed(first), 15 + 15 + 4);
  assert.deepEqual(lossesOf(await train(config)), lossesOf(first));
  assert.equal(computed(await train({ ...config, augmentation: { views: 1 } })), 0);
  // Another seed gives another split and augmentation: only its second view is new.
  assert.equal(computed(await train({ ...config, seed: 3 })), 15);
  assert.equal(computed(await train({ ...config, augmentation: { views: 2, horizontalFlip: 0 } })), 15);
  assert.equal(computed(await train({ ...config, augmentation: { views: 50 } })), 15, 'no more views than epochs');
});

test('in int8: the features of training images are rounded and kept apart; those of evaluation images are not rounded', async (t) => {
  const { train } = await scene(t);
  const config = { method: 'head', augmentation: plain };
  const exact = await train(config);
  const first = await train({ ...config, frozenPrecision: 'int8' });
  assert.equal(computed(first), 15);
  assert.notDeepEqual(lossesOf(first), lossesOf(exact));
  lossesOf(first).forEach((loss, i) =>
    assert.ok(Math.abs(loss - lossesOf(exact)[i]!) < 0.02, `${i}: ${loss} instead of ${lossesOf(exact)[i]!}`),
  );
  const { parity } = first.at(-1) as Extract<TrainEvent, { type: 'finished' }>;
  assert.deepEqual(parity?.changed, []);
  const second = await train({ ...config, frozenPrecision: 'int8' });
  assert.equal(computed(second), 0);
  assert.deepEqual(lossesOf(second), lossesOf(first));
});

test('a changed image, model or preprocessing never uses earlier records', async (t) => {
  const { train, folder } = await scene(t);
  const config = { method: 'head' };
  await train(config);
  const image = join(folder, 'photos', 'ant', 'ant 3.png');
  await writeFile(image, await readFile(join(folder, 'photos', 'bee', 'bee 3.png')));
  assert.equal(computed(await train(config)), 1);
  assert.equal(computed(await train({ ...config, init: 'random' })), 19);
  assert.equal(computed(await train({ ...config, init: 'random', seed: 5 })), 19);
  assert.equal(computed(await train({ ...config, imageSize: 48 })), 19);
  assert.equal(computed(await train({ ...config, method: lora, featureCache: true })), 19, 'another place to split');
});

test('damaged features are computed again, and the run is the same', async (t) => {
  const { train, cache } = await scene(t);
  const config = { method: 'head' };
  const expected = lossesOf(await train(config));
  const { path, bytes } = (await featurePacks(cache))[0]!;
  const content = await readFile(path);
  const damaged = Buffer.from(content);
  for (let at = 30; at < bytes; at += bytes / 4) damaged[Math.floor(at)]! ^= 1;
  await writeFile(path, damaged);
  const again = await train(config);
  assert.equal(computed(again), 4);
  assert.deepEqual(lossesOf(again), expected);
  await writeFile(path, 'nothing of the kind');
  await appendFile(path, Buffer.alloc(100_000, 1));
  assert.deepEqual(lossesOf(await train(config)), expected);
});

test('a value that does not fit is not kept, and this is reported', async (t) => {
  const { train, cache } = await scene(t);
  const events = await train({ method: 'head', augmentation: plain }, { VITUNE_FEATURE_CACHE_GB: '0.000001' });
  assert.ok(noticesOf(events).includes('FEATURES_TOO_LARGE'));
  assert.equal(computed(events), 0);
  assert.deepEqual(await featurePacks(cache), []);
});

test('by default features are kept only if no augmentation is lost and most of the work is saved', async (t) => {
  const { train } = await scene(t);
  assert.equal(computed(await train({ method: lora })), 0, 'each epoch is augmented anew');
  assert.equal(computed(await train({ method: lora, augmentation: { views: 1 } })), 19);
  assert.equal(computed(await train({ method: 'lora', augmentation: plain })), 0, 'every block trains');
  assert.equal(computed(await train({ method: 'head', dropout: 0.1 })), 0, 'dropout in the body');
});

test('requested where there are none: an error at its place', async (t) => {
  const { folder } = await scene(t);
  const path = await writeConfig(folder, { method: 'full', featureCache: true });
  const { code, stdout } = await vitune(['train', path, '--json']);
  const error = jsonLines<{ type: string; code: string; file: string; line: number }>(stdout).at(-1)!;
  assert.equal(code, 2);
  assert.equal(error.code, 'FEATURE_CACHE_IMPOSSIBLE');
  assert.ok(error.file === path && error.line > 1);
});

test('vitune cache: shows the sizes, and --clear removes only the caches', async (t) => {
  const { train, cache } = await scene(t);
  await train({ method: 'head' });
  await writeFile(join(cache, 'mine.txt'), 'mine');
  const call = async (...args: string[]) => {
    const { code, stdout, stderr } = await vitune(['cache', ...args], { env: { VITUNE_CACHE: cache } });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  interface Usage {
    folder: string;
    pictures: number;
    features: number;
    cleared?: number;
  }
  const usage = jsonLines<Usage>(await call('--json'))[0]!;
  assert.equal(usage.folder, cache);
  assert.ok(usage.pictures >= 19 * 32 * 32 * 3);
  assert.equal(usage.features, 19 * (20 + 4 * 48));
  assert.match(await call(), /MB/);
  const cleared = jsonLines<Usage>(await call('--clear', '--json'))[0]!;
  assert.equal(cleared.cleared, usage.pictures + usage.features);
  assert.deepEqual([cleared.pictures, cleared.features], [0, 0]);
  assert.equal(await readFile(join(cache, 'mine.txt'), 'utf8'), 'mine');
  assert.equal(computed(await train({ method: 'head' })), 19);
});
