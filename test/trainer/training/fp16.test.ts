/** Runs with frozen layers in fp16: the notice on a device without fp16, and the features on one with it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { cutOf, type ModelSpec } from '../../../src/trainer/compile/compile.js';
import { loadConfig } from '../../../src/trainer/config/load.js';
import { scanDataset } from '../../../src/trainer/data/scan.js';
import { ImageStore } from '../../../src/trainer/data/store.js';
import type { TrainEvent } from '../../../src/trainer/protocol.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { FeatureStore } from '../../../src/trainer/insight/featureStore.js';
import { jsonLines, tinyModel, vitune, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';
import { HalvesOnCpu } from '../engine/halvesOnCpu.js';
import { noVulkan, vulkanEnvironment } from '../onnx/softwareVulkan.js';
import { specOf } from '../models/specOf.js';

const plain = { randomResizedCrop: false, horizontalFlip: 0 };
const lossesOf = (events: TrainEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'step' || event.type === 'evaluation' ? [event.loss] : []));
const noticeOf = (events: TrainEvent[], code: string): string =>
  events.flatMap((event) => (event.type === 'notice' && event.code === code ? [event.message] : [])).join();

test('on the CPU the run continues in fp32, and the notice names int8', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { ant: 5, bee: 5 });
  const [exact, asked] = await Promise.all(
    ['fp32', 'fp16'].map(async (frozenPrecision) => {
      const config = await writeConfig(
        folder,
        { method: 'lora', frozenPrecision, output: frozenPrecision },
        `${frozenPrecision}.vitune.json`,
      );
      const { code, stdout, stderr } = await vitune(['train', config, '--json']);
      assert.equal(code, 0, stderr);
      return jsonLines<TrainEvent>(stdout);
    }),
  );
  assert.match(noticeOf(asked!, 'FP16_NEEDS_GPU'), /CPU.*int8/);
  assert.equal(noticeOf(exact!, 'FP16_NEEDS_GPU'), '');
  assert.deepEqual(lossesOf(asked!), lossesOf(exact!));
});

test('a graphics device without fp16 is found by trying, and trains in fp32', { skip: noVulkan }, async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { ant: 5, bee: 5 });
  const config = await writeConfig(folder, {
    method: 'head',
    device: 'webgpu',
    epochs: 1,
    frozenPrecision: 'fp16',
    output: 'run',
  });
  const { code, stdout, stderr } = await vitune(['train', config, '--json'], { env: vulkanEnvironment() });
  assert.equal(code, 0, stderr);
  const events = jsonLines<TrainEvent>(stdout);
  assert.match(noticeOf(events, 'FP16_UNAVAILABLE'), /webgpu.*fp16.*requires f16/);
  assert.equal(events.find((event) => event.type === 'started')?.device, 'webgpu');
  assert.equal(events.at(-1)?.type, 'finished');
  assert.ok(lossesOf(events).length > 2 && lossesOf(events).every(Number.isFinite));
});

test('features of training images in fp16 are kept apart, independent of their batch; those of evaluation images are exact', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { ant: 9, bee: 10 });
  const { config } = await loadConfig(await writeConfig(folder, { method: 'head', augmentation: plain }));
  const base = await openBaseModel({ model: tinyModel, init: 'pretrained', seed: 0 });
  const model = specOf(base, { type: 'head' }, 2);
  const dataset = await scanDataset(join(folder, 'photos'), { validationSplit: 0.2, seed: 1 });
  const read = async (frozenPrecision: ModelSpec['frozenPrecision'], cacheFolder: string) => {
    const images = await ImageStore.open({ cacheFolder, dataset, transform: base.preprocessor.transform });
    let computed = 0;
    const store = await FeatureStore.open({
      images,
      plan: { cut: cutOf(model)!, views: 1 },
      model: { ...model, frozenPrecision },
      engine: new HalvesOnCpu(),
      cacheFolder,
      name: 'network',
      limitBytes: 1e9,
      seed: 1,
      augmentation: config.augmentation,
      signal: new AbortController().signal,
      onProgress: (done, total) => void (done === total && (computed += total)),
      onNotice: ({ message }) => assert.fail(message),
    });
    const [train, validation] = [(await store.all('train')).features, (await store.all('validation')).features];
    await store.close();
    await images.close();
    return { train, validation, computed };
  };
  const cache = join(folder, 'cache');
  const exact = await read('fp32', cache);
  assert.equal(exact.computed, 19);
  const rounded = await read('fp16', cache);
  assert.equal(rounded.computed, 15, 'those of validation are there');
  assert.deepEqual(rounded.validation, exact.validation);
  assert.notDeepEqual(rounded.train, exact.train);
  rounded.train.forEach((value, i) =>
    assert.ok(Math.abs(value - exact.train[i]!) < 1e-2, `${i}: ${value} instead of ${exact.train[i]}`),
  );
  const again = await read('fp16', cache);
  assert.deepEqual({ ...again, computed: 15 }, rounded);
  assert.equal(again.computed, 0);
});
