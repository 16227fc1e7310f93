/** The stored images and models of test/golden, and a trainer that takes the steps of a stored curve. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cutOf, type ModelSpec } from '../../../src/trainer/compile/compile.js';
import type { Engine } from '../../../src/trainer/engine/engine.js';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { FeatureExtractor } from '../../../src/trainer/engine/featureExtractor.js';
import { hostTensor, type Tensor } from '../../../src/trainer/engine/tensor.js';
import { Trainable, type TrainBatch } from '../../../src/trainer/engine/trainable.js';
import type { ParameterSpec } from '../../../src/trainer/compile/scope.js';
import type { Graph } from '../../../src/trainer/ir/graph.js';
import type { Shape } from '../../../src/trainer/ir/op.js';
import { sizeOf } from '../../../src/trainer/ir/shape.js';
import { names } from '../../../src/trainer/optim/stateNames.js';
import { learningRateAt } from '../../../src/trainer/optim/schedule.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { specOf } from '../models/specOf.js';

export const golden = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'golden');
/** uint8 [16, 32, 32, 3]. */
export const images = new Uint8Array(readFileSync(join(golden, 'images.bin')));
const imageBytes = 32 * 32 * 3;

export interface Curve {
  learningRate: number;
  labelSmoothingFactor?: number;
  weightDecay: number;
  gradientAccumulationSteps?: number;
  trainableParameters: number;
  muon?: boolean;
  batches: number[][];
  steps: { loss: number[]; gradientNorm: number[]; learningRate: number[] };
  finalLogits: number[][];
  decayed: string[];
}

/** Settings that all curves of a file share. */
export interface Training {
  steps: number;
  warmupSteps: number;
  batchSize: number;
  maxGradNorm: number;
}

export const readGolden = (name: string): unknown => JSON.parse(readFileSync(join(golden, `${name}.json`), 'utf8'));

export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  relative: number,
  what: string,
): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    assert.ok(Math.abs(a - e) <= relative * Math.max(1e-2, Math.abs(e)), `${what}[${i}]: ${a} instead of ${e}`);
  }
}

export interface OpenOptions {
  /** As a config has it, defaults left out. */
  method: object;
  training: Training;
  labels: number;
  curve?: Curve;
  imageSize?: number | undefined;
  /** Whether what does not train is computed once for all steps. */
  cached?: boolean;
  /** Whether the backward pass recomputes each block's values. */
  recomputes?: boolean;
  frozenPrecision?: ModelSpec['frozenPrecision'];
  engine?: Engine;
}

/**
 * The model `name` of test/golden, to be trained by a method on `inputs`: the images, or the features of each of
 * them.
 */
export async function openGolden(
  name: string,
  {
    method,
    training,
    labels,
    curve,
    imageSize,
    cached,
    recomputes,
    frozenPrecision,
    engine = createEngine('cpu'),
  }: OpenOptions,
) {
  const base = await openBaseModel({ model: join(golden, 'models', name), init: 'pretrained', seed: 0, imageSize });
  const model: ModelSpec = { ...specOf(base, method, labels), recomputes, frozenPrecision };
  const cut = cached ? cutOf(model) : undefined;
  const trainable = await Trainable.create(engine, {
    model: { ...model, cut },
    optimizer: {
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: curve?.weightDecay ?? 0,
      maxGradNorm: training.maxGradNorm,
      muon: curve?.muon ? 0.95 : undefined,
    },
    batchSize: training.batchSize,
    evalBatchSize: 16,
    accumulates: (curve?.gradientAccumulationSteps ?? 1) > 1,
    seed: 0,
  });
  if (!cut) return { base, trainable, inputs: images };
  const extractor = await FeatureExtractor.create(engine, model, cut, images.length / imageBytes);
  const inputs = await extractor.run(images);
  await extractor.dispose();
  return { base, trainable, inputs };
}

/** What a curve is trained on: `inputs` one after another, and the label of each. */
export interface Samples {
  inputs: Uint8Array | Float32Array;
  truth: readonly number[];
  labels: number;
}

/** How far, relative to the stored ones, figures may be. */
export interface Bounds {
  loss: number;
  gradientNorm: number;
  logits: number;
}

/** What a trainable gave along a curve. */
export interface Followed {
  losses: number[];
  norms: number[];
  rates: number[];
  /** After the last step. */
  logits: Float32Array;
}

/** Takes the curve's steps. */
export async function follow(
  trainable: Trainable,
  curve: Curve,
  { batchSize, steps: totalSteps, warmupSteps }: Training,
  { inputs, truth, labels }: Samples,
): Promise<Followed> {
  const { labelSmoothingFactor: smoothing = 0, gradientAccumulationSteps: accumulation = 1 } = curve;
  const each = inputs.length / truth.length;
  const [losses, norms, rates]: [number[], number[], number[]] = [[], [], []];
  for (let step = 0; step < totalSteps; step++) {
    const learningRate = learningRateAt(
      { type: 'cosine', learningRate: curve.learningRate, warmupSteps, totalSteps },
      step,
    );
    const parts = curve.batches.slice(step * accumulation, (step + 1) * accumulation).map((batch) => {
      const images =
        inputs instanceof Uint8Array ? new Uint8Array(batchSize * each) : new Float32Array(batchSize * each);
      const targets = new Float32Array(batchSize * labels).fill(smoothing / labels);
      batch.forEach((image, i) => {
        images.set(inputs.subarray(image * each, (image + 1) * each), i * each);
        targets[i * labels + truth[image]!]! += 1 - smoothing;
      });
      return { images, targets, weights: new Float32Array(batchSize).fill(1 / batchSize / accumulation) };
    });
    const { loss, gradientNorm } = await trainable.step(parts, step, learningRate);
    losses.push(loss);
    norms.push(gradientNorm);
    rates.push(learningRate);
  }
  return { losses, norms, rates, logits: await trainable.logits(inputs) };
}

/** A step of `followMasked`: what is fed, among it the bytes of each mask by name. */
export interface MaskedStep extends TrainBatch {
  learningRate: number;
  masks: ReadonlyMap<string, Uint8Array>;
}

/** Takes steps of a compiled graph whose masks are given rather than drawn. */
export async function followMasked(
  graph: Graph,
  parameters: readonly ParameterSpec[],
  initial: (name: string, shape: Shape) => Float32Array,
  steps: readonly MaskedStep[],
): Promise<{ losses: number[]; norms: number[] }> {
  const executable = await createEngine('cpu').load(graph);
  const shapes = new Map(graph.inputs.map(({ name, shape }) => [name, shape]));
  const floats = (name: string, data: Float32Array): [string, Tensor] => [
    name,
    hostTensor('f32', shapes.get(name)!, data),
  ];
  const bytes = (name: string, data: Uint8Array): [string, Tensor] => [name, hostTensor('u8', shapes.get(name)!, data)];
  let state: Record<string, Tensor> = Object.fromEntries(
    parameters.flatMap(({ name, shape }) => [
      floats(name, initial(name, shape)),
      ...[names.moment1(name), names.moment2(name)].map((moment) => floats(moment, new Float32Array(sizeOf(shape)))),
    ]),
  );
  const [losses, norms]: [number[], number[]] = [[], []];
  for (const [i, { images, targets, weights, masks, learningRate }] of steps.entries()) {
    const { loss, gradientNorm, ...next } = await executable.run({
      ...Object.fromEntries([
        bytes('images', images as Uint8Array),
        floats('targets', targets),
        floats('weights', weights),
        ...[...masks].map(([name, mask]) => bytes(name, mask)),
        floats('learningRate', Float32Array.of(learningRate)),
        floats('correction1', Float32Array.of(1 - 0.9 ** (i + 1))),
        floats('correction2', Float32Array.of(Math.sqrt(1 - 0.999 ** (i + 1)))),
      ]),
      ...state,
    });
    state = Object.fromEntries(
      Object.entries(next).map(([name, tensor]) => [name.slice(names.next('').length), tensor]),
    );
    losses.push(loss!.data[0]!);
    norms.push(gradientNorm!.data[0]!);
  }
  await executable.dispose();
  return { losses, norms };
}

/** Takes the curve's steps and holds losses, gradient norms, rates and the last logits against the stored ones. */
export async function assertFollows(
  trainable: Trainable,
  curve: Curve,
  training: Training,
  samples: Samples,
  bounds: Bounds = { loss: 1e-4, gradientNorm: 1e-3, logits: 5e-3 },
): Promise<void> {
  const count = trainable.parameters.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
  assert.equal(count, curve.trainableParameters);
  const { losses, norms, rates, logits } = await follow(trainable, curve, training, samples);
  assertClose(rates, curve.steps.learningRate, 1e-6, 'learning rate');
  assertClose(losses, curve.steps.loss, bounds.loss, 'loss');
  assertClose(norms, curve.steps.gradientNorm, bounds.gradientNorm, 'gradient norm');
  assertClose(logits, curve.finalLogits.flat(), bounds.logits, 'logits');
}
