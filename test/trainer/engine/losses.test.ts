/** 20 steps with each loss, compared with PyTorch's (test/golden/losses.py). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../../scripts/ensure-installed.mjs';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { Trainable } from '../../../src/trainer/engine/trainable.js';
import { learningRateAt } from '../../../src/trainer/optim/schedule.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { goldenLosses, specOf as lossOf } from '../goldenLosses.js';
import { specOf } from '../models/specOf.js';

const folder = join(root, 'test', 'golden');
const images = new Uint8Array(readFileSync(join(folder, 'images.bin')));
const imageBytes = 32 * 32 * 3;
const { training, batches, losses } = goldenLosses();

for (const [name, golden] of Object.entries(losses)) {
  test(`${name}: 20 steps follow PyTorch's`, async () => {
    const base = await openBaseModel({ model: join(folder, 'models', 'vit'), init: 'pretrained', seed: 0 });
    const { batchSize, steps: totalSteps, warmupSteps, learningRate: peak, weightDecay, maxGradNorm } = training;
    const trainable = await Trainable.create(createEngine('cpu'), {
      model: { ...specOf(base, { type: 'full' }, 5), loss: lossOf(golden) },
      optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay, maxGradNorm },
      batchSize,
      evalBatchSize: batchSize,
      accumulates: false,
      seed: 0,
    });
    try {
      trainable.restore({
        parameters: new Map(
          trainable.parameters.map(({ name: weight, shape }) => [weight, base.weight(weight, shape, 0)]),
        ),
      });
      for (const [step, batch] of batches.entries()) {
        const pixels = new Uint8Array(batchSize * imageBytes);
        batch.forEach((image, i) =>
          pixels.set(images.subarray(image * imageBytes, (image + 1) * imageBytes), i * imageBytes),
        );
        const targets = Float32Array.from(batch.flatMap((image) => golden.targets[image]!));
        const weights = new Float32Array(batchSize).fill(1 / batchSize);
        const rate = learningRateAt({ type: 'cosine', learningRate: peak, warmupSteps, totalSteps }, step);
        const { loss } = await trainable.step([{ images: pixels, targets, weights }], step, rate);
        const expected = golden.loss[step]!;
        assert.ok(Math.abs(loss - expected) <= 1e-4 * expected, `step ${step}: ${loss} instead of ${expected}`);
      }
    } finally {
      await trainable.dispose();
    }
  });
}
