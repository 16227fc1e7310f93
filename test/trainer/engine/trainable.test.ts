/** Losses, gradient norms and logits of training, compared with those that PyTorch, transformers and PEFT gave (test/golden). */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import { cutOf, type ModelSpec } from '../../../src/trainer/compile/compile.js';
import { OrtEngine } from '../../../src/trainer/engine/ort.js';
import { Prefix } from '../../../src/trainer/engine/prefix.js';
import { Trainable } from '../../../src/trainer/engine/trainable.js';
import { methodOf, type MethodConfig } from '../../../src/trainer/peft/method.js';
import { learningRateAt } from '../../../src/trainer/optim/schedule.js';
import { openBaseModel } from '../../../src/trainer/run/baseModel.js';

const golden = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'golden');
const pictures = new Uint8Array(readFileSync(join(golden, 'pictures.bin')));
const pictureBytes = 32 * 32 * 3;

interface Curve {
  method: 'head' | 'lora' | 'full';
  learningRate: number;
  labelSmoothingFactor: number;
  weightDecay: number;
  gradientAccumulationSteps: number;
  trainableParameters: number;
  muon: boolean;
  batches: number[][];
  steps: { loss: number[]; gradientNorm: number[]; learningRate: number[] };
  finalLogits: number[][];
}
interface Golden {
  pictures: { truth: number[] };
  labels: string[];
  training: {
    steps: number;
    warmupSteps: number;
    batchSize: number;
    maxGradNorm: number;
    lora: { rank: number; alpha: number; dropout: number; targetModules: string[] };
  };
  logits: number[][];
  larger: { imageSize: number; logits: number[][] };
  curves: Record<string, Curve>;
}

const read = (name: string): Golden => JSON.parse(readFileSync(join(golden, `${name}.json`), 'utf8')) as Golden;

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, relative: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    assert.ok(Math.abs(a - e) <= relative * Math.max(1e-2, Math.abs(e)), `${what}[${i}]: ${a} instead of ${e}`);
  }
}

async function open(
  name: string,
  o: { method: MethodConfig; curve?: Curve; golden: Golden; imageSize?: number; evalBatchSize?: number; device?: 'cpu' | 'webgpu'; cached?: boolean },
) {
  const base = await openBaseModel({ model: join(golden, 'models', name), init: 'pretrained', seed: 0, imageSize: o.imageSize });
  const { mean, std, rescaleFactor, transform } = base.preprocessor;
  const model: ModelSpec = {
    config: base.config,
    norm: { mean, deviation: std, rescale: rescaleFactor },
    frozen: (weight, shape) => base.weight(weight, shape, 0),
    method: methodOf(o.method),
    labels: o.golden.labels.length,
    height: transform.height,
    width: transform.width,
  };
  const engine = new OrtEngine(o.device ?? 'cpu');
  const cut = o.cached ? cutOf(model) : undefined;
  const trainable = await Trainable.create(engine, {
    model: { ...model, cut },
    optimizer: {
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: o.curve?.weightDecay ?? 0,
      maxGradNorm: o.golden.training.maxGradNorm,
      muon: o.curve?.muon ? 0.95 : undefined,
    },
    batchSize: o.golden.training.batchSize,
    evalBatchSize: o.evalBatchSize ?? 16,
    accumulates: (o.curve?.gradientAccumulationSteps ?? 1) > 1,
    seed: 0,
  });
  if (!cut) return { base, trainable };
  const prefix = await Prefix.create(engine, model, cut, pictures.length / pictureBytes);
  const features = await prefix.run(pictures);
  await prefix.dispose();
  return { base, trainable, features };
}

const models = ['vit', 'deit', 'deit-teacher'];

for (const name of models) {
  const values = read(name);

  test(`${name}: logits equal those of transformers`, async () => {
    const { base, trainable } = await open(name, { method: { type: 'head', dropout: 0 }, golden: values });
    trainable.restore({ parameters: new Map(trainable.parameters.map((p) => [p.name, base.weight(p.name, p.shape, 0)])) });
    assertClose(await trainable.logits(pictures), values.logits.flat(), 1e-4, 'logits');
    await trainable.dispose();
  });

  test(`${name}: logits of larger pictures equal those of transformers with interpolated positions`, async () => {
    const size = values.larger.imageSize;
    const { base, trainable } = await open(name, { method: { type: 'head', dropout: 0 }, golden: values, imageSize: size });
    trainable.restore({ parameters: new Map(trainable.parameters.map((p) => [p.name, base.weight(p.name, p.shape, 0)])) });
    const larger = new Uint8Array(16 * size * size * 3);
    for (let i = 0; i < larger.length; i++) {
      const [c, x, y, n] = [i % 3, Math.floor(i / 3) % size, Math.floor(i / 3 / size) % size, Math.floor(i / 3 / size / size)];
      larger[i] = pictures[((n * 32 + (y % 32)) * 32 + (x % 32)) * 3 + c]!;
    }
    assertClose(await trainable.logits(larger), values.larger.logits.flat(), 1e-4, 'logits');
    await trainable.dispose();
  });

  const cases = Object.entries(values.curves).flatMap(([curveName, curve]) => [
    { curveName, curve, cached: false },
    // A frozen body is also run once for all steps.
    ...(curve.method === 'head' ? [{ curveName, curve, cached: true }] : []),
  ]);
  for (const { curveName, curve, cached } of cases) {
    test(`${name}: 20 steps of ${curveName}${cached ? ' on features computed once' : ''} follow PyTorch's`, async () => {
      const method: MethodConfig =
        curve.method === 'lora' ? { type: 'lora', ...values.training.lora } : curve.method === 'head' ? { type: 'head', dropout: 0 } : { type: 'full' };
      const { base, trainable, features } = await open(name, { method, curve, golden: values, cached });
      const inputs = features ?? pictures;
      const each = inputs.length / 16;
      const adapter = join(golden, 'curves', `${name}-${curveName}-initial`, 'adapter_model.safetensors');
      const initial = existsSync(adapter) ? (await readSafetensors(adapter)).tensors : undefined;
      trainable.restore({
        parameters: new Map(trainable.parameters.map((p) => [p.name, initial?.get(`base_model.model.${p.name}`)?.data ?? base.weight(p.name, p.shape, 0)])),
      });
      const count = trainable.parameters.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
      assert.equal(count, curve.trainableParameters);

      const { batchSize, steps: totalSteps, warmupSteps } = values.training;
      const losses: number[] = [];
      const norms: number[] = [];
      const rates: number[] = [];
      for (let step = 0; step < totalSteps; step++) {
        const learningRate = learningRateAt({ type: 'cosine', learningRate: curve.learningRate, warmupSteps, totalSteps }, step);
        const parts = curve.batches.slice(step * curve.gradientAccumulationSteps, (step + 1) * curve.gradientAccumulationSteps).map((batch) => {
          const images = inputs instanceof Uint8Array ? new Uint8Array(batchSize * each) : new Float32Array(batchSize * each);
          const targets = new Float32Array(batchSize * values.labels.length).fill(curve.labelSmoothingFactor / values.labels.length);
          batch.forEach((picture, i) => {
            images.set(inputs.subarray(picture * each, (picture + 1) * each), i * each);
            targets[i * values.labels.length + values.pictures.truth[picture]!]! += 1 - curve.labelSmoothingFactor;
          });
          return { images, targets, weights: new Float32Array(batchSize).fill(1 / batchSize / curve.gradientAccumulationSteps) };
        });
        const { loss, gradientNorm } = await trainable.step(parts, step, learningRate);
        losses.push(loss);
        norms.push(gradientNorm);
        rates.push(learningRate);
      }
      assertClose(rates, curve.steps.learningRate, 1e-6, 'learning rate');
      assertClose(losses, curve.steps.loss, 1e-4, 'loss');
      assertClose(norms, curve.steps.gradientNorm, 1e-3, 'gradient norm');
      assertClose(await trainable.logits(inputs), curve.finalLogits.flat(), 5e-3, 'logits');
      await trainable.dispose();
    });
  }
}
