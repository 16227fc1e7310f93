/** Training steps on some of the patches, compared with timm's PatchDropout (test/golden/patch_dropout.py). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileForward, compileStep, cutOf } from '../../../src/trainer/compile/compile.js';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { Trainable } from '../../../src/trainer/engine/trainable.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { familyOf } from '../../../src/trainer/nn/families.js';
import { learningRateAt } from '../../../src/trainer/optim/schedule.js';
import { specOf } from '../models/specOf.js';
import { assertClose, followMasked, golden, images, readGolden, type Curve, type Training } from './goldenCurves.js';

const { curves, rate } = readGolden('patch-dropout') as {
  rate: number;
  curves: Record<string, Omit<Curve, 'trainableParameters'> & { kept: number[][][] }>;
};
const { training, images: stored } = readGolden('vit') as { training: Training; images: { truth: number[] } };
const { batchSize, steps, warmupSteps, maxGradNorm } = training;
const [labels, imageBytes] = [5, 32 * 32 * 3];

const open = (name: string, imageSize?: number) =>
  openBaseModel({ model: join(golden, 'models', name), init: 'pretrained', seed: 0, imageSize });
const optimizerFor = (weightDecay: number) => ({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay, maxGradNorm });

for (const [name, curve] of Object.entries(curves)) {
  test(`${name}: 20 steps on 6 of 16 patches follow timm's PatchDropout`, async () => {
    const base = await open(name, 32);
    const model = { ...specOf(base, { type: 'full' }, labels), patchDropout: rate };
    const { step: graph, parameters, masks } = compileStep(model, optimizerFor(curve.weightDecay), batchSize);
    // Rotary tables are chosen from by the same input.
    const [mask] = masks;
    assert.equal(masks.length, 1);
    const [, kept, tokens] = mask!.shape as [number, number, number];
    const special = kept - curve.kept[0]![0]!.length;
    const { losses, norms } = await followMasked(
      graph,
      parameters,
      (weight, shape) => base.weight(weight, shape, 0),
      curve.batches.map((batch, step) => {
        const pixels = Uint8Array.from(
          batch.flatMap((image) => [...images.subarray(image * imageBytes, (image + 1) * imageBytes)]),
        );
        const targets = new Float32Array(batchSize * labels);
        batch.forEach((image, i) => (targets[i * labels + stored.truth[image]!] = 1));
        const bytes = new Uint8Array(batchSize * kept * tokens);
        curve.kept[step]!.forEach((patches, i) => {
          const places = [...Array(special).keys(), ...patches.map((patch) => special + patch)];
          places.forEach((place, row) => (bytes[(i * kept + row) * tokens + place] = 1));
        });
        return {
          images: pixels,
          targets,
          weights: new Float32Array(batchSize).fill(1 / batchSize),
          learningRate: learningRateAt(
            { type: 'cosine', learningRate: curve.learningRate, warmupSteps, totalSteps: steps },
            step,
          ),
          masks: new Map([[mask!.name, bytes]]),
        };
      }),
    );
    assertClose(losses, curve.steps.loss, 1e-4, 'loss');
    assertClose(norms, curve.steps.gradientNorm, 1e-3, 'gradient norm');
  });
}

const families = ['vit', 'deit', 'beit', 'clip', 'siglip', 'dinov2', 'dinov2-registers', 'dinov3', 'timm-dinov2'];
for (const name of families) {
  test(`${name}: a step either leaves patches out or its family says that it cannot; an answer sees all`, async () => {
    const base = await open(name);
    const model = { ...specOf(base, { type: 'lora', rank: 2 }, labels), patchDropout: 0.5 };
    const { step, masks } = compileStep(model, optimizerFor(0), 2);
    assert.equal(masks.length, familyOf(base.config).keepsAllTokens ? 0 : 1);
    const whole = { ...model, patchDropout: 0 };
    assert.equal(compileStep(whole, optimizerFor(0), 2).masks.length, 0);
    assert.equal(compileForward(model, 2).graph.nodes.length, compileForward(whole, 2).graph.nodes.length);
    if (!masks.length) return;
    const { shape } = step.inputs.find((input) => input.name === masks[0]!.name)!;
    const patches = (base.config.imageSize / base.config.patchSize) ** 2;
    assert.equal(shape[2]! - shape[1]!, patches / 2);
  });
}

test('what comes before the choice of patches is frozen under LoRA, so that it can be kept', async () => {
  const base = await open('vit');
  const model = { ...specOf(base, { type: 'lora', rank: 2 }, labels), patchDropout: 0.5 };
  const [cut, whole] = [cutOf(model), cutOf({ ...model, patchDropout: 0 })];
  assert.deepEqual(cut?.shape, [1, 17, 48]);
  assert.deepEqual(whole?.shape, [17, 48]);
});

for (const accumulates of [false, true]) {
  test(`the last steps${accumulates ? ', in parts,' : ''} are those of a training on all patches from there on`, async () => {
    const base = await open('vit');
    const model = specOf(base, { type: 'full' }, labels);
    const create = (change: object, allPatchesFrom?: number) =>
      Trainable.create(createEngine('cpu'), {
        model: { ...model, ...change },
        optimizer: optimizerFor(0.01),
        batchSize,
        evalBatchSize: 16,
        accumulates,
        seed: 3,
        allPatchesFrom,
      });
    const targets = new Float32Array(batchSize * labels);
    for (let i = 0; i < batchSize; i++) targets[i * labels + stored.truth[i]!] = 1;
    const weights = new Float32Array(batchSize).fill(1 / batchSize / (accumulates ? 2 : 1));
    const part = { images: images.slice(0, batchSize * imageBytes), targets, weights };
    const step = (trainable: Trainable, at: number) => trainable.step(accumulates ? [part, part] : [part], at, 1e-3);
    const [both, whole] = [await create({ patchDropout: 0.5 }, 2), await create({})];
    both.restore({
      parameters: new Map(both.parameters.map(({ name, shape }) => [name, base.weight(name, shape, 0)])),
    });
    const first = await step(both, 0);
    assert.notEqual((await step(both, 1)).loss, first.loss);
    whole.restore(await both.read());
    assert.deepEqual(await step(both, 2), await step(whole, 2));
    assert.deepEqual(await step(both, 3), await step(whole, 3));
    assert.deepEqual((await both.read()).parameters, (await whole.read()).parameters);
    await both.dispose();
    await whole.dispose();
  });
}
