/**
 * 20 steps with mixup, CutMix, drop path and averaged weights, compared with those of PyTorch
 * (test/golden/regularization.py).
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { WeightStore } from '../../../src/trainer/compile/weightStore.js';
import { compileForward, compileStep, type ModelSpec } from '../../../src/trainer/compile/compile.js';
import type { OptimizerSpec } from '../../../src/trainer/optim/buildUpdate.js';
import { mixImages, mixTargets, type Mixing } from '../../../src/trainer/data/mixing.js';
import type { Region } from '../../../src/trainer/data/transform.js';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { Trainable, type TrainBatch } from '../../../src/trainer/engine/trainable.js';
import { learningRateAt } from '../../../src/trainer/optim/schedule.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { methodFor } from '../peft/methodFor.js';
import { specOf } from '../models/specOf.js';
import { assertClose, followMasked, golden, images, readGolden } from './goldenCurves.js';

interface Curve {
  loss: number[];
  share?: number[];
  targets?: number[][][];
  lossUnrounded?: number[];
  averageLoss?: number[];
  averageLogits?: number[][];
  averageBias?: number[];
}
interface Step {
  batch: number[];
  partners: number[];
  lambda: number;
  region: Region;
  masks: number[][];
}
interface Golden {
  training: {
    learningRate: number;
    weightDecay: number;
    warmupSteps: number;
    maxGradNorm: number;
    dropPath: number;
    emaDecay: number;
  };
  steps: Step[];
  curves: Record<'mixup' | 'cutmix' | 'dropPath' | 'ema', Curve>;
}

const { training, steps, curves } = readGolden('regularization') as Golden;
const { truth } = (readGolden('vit') as { images: { truth: number[] } }).images;
const size = { width: 32, height: 32 };
const [labels, batchSize, imageBytes] = [5, 4, 32 * 32 * 3];

const base = await openBaseModel({ model: join(golden, 'models', 'vit'), init: 'pretrained', seed: 0 });
const model = specOf(base, { type: 'full' }, labels);
const optimizer: OptimizerSpec = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: training.weightDecay,
  maxGradNorm: training.maxGradNorm,
};
const rateOf = (step: number): number =>
  learningRateAt(
    {
      type: 'cosine',
      learningRate: training.learningRate,
      warmupSteps: training.warmupSteps,
      totalSteps: steps.length,
    },
    step,
  );

function batchOf({ batch }: Step, mixing?: Mixing): TrainBatch {
  const pixels = new Uint8Array(batchSize * imageBytes);
  const targets = new Float32Array(batchSize * labels);
  batch.forEach((image, i) => {
    pixels.set(images.subarray(image * imageBytes, (image + 1) * imageBytes), i * imageBytes);
    targets[i * labels + truth[image]!] = 1;
  });
  if (mixing) {
    mixImages(pixels, size, mixing);
    mixTargets(targets, labels, mixing);
  }
  return { images: pixels, targets, weights: new Float32Array(batchSize).fill(1 / batchSize) };
}

async function trainableWith(o: Partial<OptimizerSpec>): Promise<Trainable> {
  const spec = { model, optimizer: { ...optimizer, ...o }, batchSize, evalBatchSize: 16, accumulates: false, seed: 0 };
  const trainable = await Trainable.create(createEngine('cpu'), spec);
  trainable.restore({
    parameters: new Map(trainable.parameters.map(({ name, shape }) => [name, base.weight(name, shape, 0)])),
  });
  return trainable;
}

for (const kind of ['mixup', 'cutmix'] as const) {
  test(`20 steps with ${kind} follow PyTorch's, given the same shares and partners`, async () => {
    const curve = curves[kind];
    const trainable = await trainableWith({});
    const losses: number[] = [];
    for (const [i, step] of steps.entries()) {
      const share = curve.share![i]!;
      const mixing = { lambda: share, partners: step.partners, ...(kind === 'cutmix' ? { region: step.region } : {}) };
      const batch = batchOf(step, mixing);
      assertClose(batch.targets, curve.targets![i]!.flat(), 1e-6, 'targets');
      losses.push((await trainable.step([batch], i, rateOf(i))).loss);
    }
    assertClose(losses, curve.loss, 1e-4, 'loss');
    // What the rounding of mixed pixels to bytes costs.
    assertClose(losses, curve.lossUnrounded!, 2e-3, 'loss of images mixed after normalisation');
    await trainable.dispose();
  });
}

test("20 steps with averaged weights: evaluation follows torch_ema's, training is unaffected", async () => {
  const curve = curves.ema;
  const trainable = await trainableWith({ ema: { decay: training.emaDecay } });
  const [losses, averageLosses]: number[][] = [[], []];
  for (const [i, step] of steps.entries()) {
    losses!.push((await trainable.step([batchOf(step)], i, rateOf(i))).loss);
    averageLosses!.push(crossEntropy(await trainable.logits(images)));
  }
  assertClose(losses!, curve.loss, 1e-4, 'loss');
  assertClose(averageLosses!, curve.averageLoss!, 1e-4, 'loss by the averages');
  assertClose(await trainable.logits(images), curve.averageLogits!.flat(), 1e-3, 'logits by the averages');
  const { parameters, ema } = await trainable.read();
  assertClose(ema!.get('classifier.bias')!, curve.averageBias!, 1e-4, 'average');
  assert.notDeepEqual(ema!.get('classifier.bias'), parameters.get('classifier.bias'));
  await trainable.dispose();
});

function crossEntropy(logits: Float32Array): number {
  const each = truth.map((label, i) => {
    const row = logits.subarray(i * labels, (i + 1) * labels);
    return Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - row[label]!;
  });
  return each.reduce((a, b) => a + b) / each.length;
}

test('averages are kept by accumulating steps too, the same ones', async () => {
  const ema = { decay: 0.9 };
  const states = await Promise.all(
    [false, true].map(async (accumulates) => {
      const spec = {
        model: { ...model, method: methodFor(base.config, { type: 'head' }) },
        optimizer: { ...optimizer, ema },
        batchSize,
        evalBatchSize: 1,
      };
      const trainable = await Trainable.create(createEngine('cpu'), { ...spec, accumulates, seed: 0 });
      trainable.restore({
        parameters: new Map(trainable.parameters.map(({ name, shape }) => [name, base.weight(name, shape, 0)])),
      });
      for (const [i, step] of steps.slice(0, 3).entries()) await trainable.step([batchOf(step)], i, 0.01);
      const state = await trainable.read();
      await trainable.dispose();
      return state;
    }),
  );
  for (const [name, values] of states[0]!.ema!) assertClose(states[1]!.ema!.get(name)!, values, 1e-5, name);
});

test("20 steps with drop path follow PyTorch's, given the same masks", async () => {
  const {
    step: graph,
    parameters,
    masks,
  } = compileStep({ ...model, dropPath: training.dropPath }, optimizer, batchSize);
  assert.deepEqual(
    masks.map((mask) => 'rate' in mask && mask.rate),
    [0.2, 0.2, 0.4, 0.4],
  );
  const { losses } = await followMasked(
    graph,
    parameters,
    (name, shape) => base.weight(name, shape, 0),
    steps.map((step, i) => ({
      ...batchOf(step),
      learningRate: rateOf(i),
      masks: new Map(masks.map(({ name }, k) => [name, Uint8Array.from(step.masks[k]!)])),
    })),
  );
  assertClose(losses, curves.dropPath.loss, 1e-4, 'loss');
});

test('drop path: none in evaluation, none at rate 0, in expectation the branch itself', async () => {
  const dropped = { ...model, dropPath: 0.5 };
  assert.equal(compileForward(dropped, 1).graph.nodes.length, compileForward(model, 1).graph.nodes.length);
  assert.equal(
    compileStep({ ...model, dropPath: 0 }, optimizer, 2).step.nodes.length,
    compileStep(model, optimizer, 2).step.nodes.length,
  );
  // With small branches the loss is nearly linear in them: its mean is that of the whole branches.
  const small: ModelSpec = {
    ...dropped,
    method: methodFor(base.config, { type: 'head' }),
    weights: new WeightStore({
      read(name, shape) {
        const data = base.weight(name, shape, 0);
        return /output\.dense/.test(name) ? data.map((value) => value * 0.02) : data;
      },
    }),
  };
  const lossesOf = async (spec: ModelSpec, count: number): Promise<number[]> => {
    const trainable = await Trainable.create(createEngine('cpu'), {
      model: spec,
      optimizer,
      batchSize,
      evalBatchSize: 1,
      accumulates: false,
      seed: 1,
    });
    const parameters = new Map(trainable.parameters.map(({ name, shape }) => [name, base.weight(name, shape, 0)]));
    const losses: number[] = [];
    for (let i = 0; i < count; i++) {
      trainable.restore({ parameters });
      losses.push((await trainable.step([batchOf(steps[0]!)], i, 0)).loss);
    }
    await trainable.dispose();
    return losses;
  };
  const [whole] = await lossesOf({ ...small, dropPath: 0 }, 1);
  const losses = await lossesOf(small, 400);
  const mean = losses.reduce((a, b) => a + b) / losses.length;
  const deviation = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / losses.length);
  assert.ok(new Set(losses).size > 50 && deviation > 0);
  // Five deviations of the mean, and as much again for the curvature.
  assert.ok(
    Math.abs(mean - whole!) < (10 * deviation) / Math.sqrt(losses.length),
    `${mean} instead of ${whole}, deviation ${deviation}`,
  );
});
