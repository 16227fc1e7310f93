/**
 * Checkpoints of averaged weights: others load the average, a resume continues from the weights, and `ema` may change
 * in between.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { Trainable, type TrainBatch } from '../../../src/trainer/engine/trainable.js';
import { wholeModel as method } from '../../../src/trainer/peft/method.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { openCheckpoint, readState, writeCheckpoint } from '../../../src/trainer/models/checkpoint.js';
import { Classifier } from '../../../src/trainer/inference/classifier.js';
import { singleTask } from '../../../src/trainer/core/tasks.js';
import { temporaryFolder } from '../data/images.js';
import { specOf } from '../models/specOf.js';

const golden = fileURLToPath(new URL('../../golden', import.meta.url));
const images = new Uint8Array(readFileSync(join(golden, 'images.bin'))).subarray(0, 4 * 32 * 32 * 3);
const labels = ['a', 'b', 'c', 'd', 'e'];
const batch: TrainBatch = {
  images: images,
  targets: new Float32Array(20).fill(0.2),
  weights: new Float32Array(4).fill(0.25),
};

test('a checkpoint holds average and weights; a resume continues with either, on and off', async (t) => {
  const base = await openBaseModel({ model: join(golden, 'models', 'vit'), init: 'pretrained', seed: 0 });
  const model = specOf(base, method, labels.length);
  const open = async (ema?: { decay: number }): Promise<Trainable> => {
    const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maxGradNorm: 1, ema };
    const trainable = await Trainable.create(createEngine('cpu'), {
      model,
      optimizer,
      batchSize: 4,
      evalBatchSize: 4,
      accumulates: false,
      seed: 0,
    });
    t.after(() => trainable.dispose());
    trainable.restore({
      parameters: new Map(trainable.parameters.map(({ name, shape }) => [name, base.weight(name, shape, 0)])),
    });
    return trainable;
  };
  const stepped = async (trainable: Trainable, from: number, to: number): Promise<Trainable> => {
    for (let step = from; step < to; step++) await trainable.step([batch], step, 1e-2);
    return trainable;
  };
  const root = await temporaryFolder(t);
  const saved = async (trainable: Trainable, name: string) => {
    const folder = join(root, name);
    await mkdir(folder);
    const { parameters } = trainable;
    const progress = { step: 3, evaluationsSinceBest: 0, dataset: 'd' };
    await writeCheckpoint(folder, {
      base,
      network: base.config,
      method,
      tasks: singleTask(labels),
      parameters,
      frozen: [],
      state: await trainable.read(),
      progress,
    });
    return { folder, state: await readState(folder, { base: base.reference, method, parameters }) };
  };

  const averaged = await stepped(await open({ decay: 0.5 }), 0, 3);
  const plain = await stepped(await open(), 0, 3);
  const [withAverage, without] = [await saved(averaged, 'averaged'), await saved(plain, 'plain')];
  assert.deepEqual(withAverage.state, await averaged.read());
  assert.deepEqual(without.state, await plain.read());
  assert.deepEqual(withAverage.state.parameters, without.state.parameters, 'averaging leaves training as it was');

  // Who loads it, and the evaluation of training, get the average.
  const [name, average] = [...withAverage.state.ema!][0]!;
  const checkpoint = await openCheckpoint(withAverage.folder);
  assert.deepEqual(checkpoint.weights.share(name, averaged.parameters[0]!.shape), average);
  const classifier = await Classifier.open(withAverage.folder, 4);
  t.after(() => classifier.dispose());
  const logits = await classifier.logits(images);
  const expected = await averaged.logits(images);
  logits.forEach((logit, i) => assert.ok(Math.abs(logit - expected[i]!) < 1e-5));
  assert.ok((await plain.logits(images)).some((logit, i) => Math.abs(logit - expected[i]!) > 1e-3));

  // Turned off: on from the weights. Turned on: the average begins at the weights.
  const off = await open();
  off.restore(withAverage.state);
  await stepped(off, 3, 5);
  await stepped(plain, 3, 5);
  assert.deepEqual(await off.read(), await plain.read());
  const on = await open({ decay: 0.5 });
  on.restore(without.state);
  assert.deepEqual((await on.read()).ema, without.state.parameters);
});
