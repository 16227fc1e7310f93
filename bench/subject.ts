/** The subject of a measurement: a Hugging Face folder with a fine-tuning method, and one batch of random images. */
import { methodObject } from '../src/trainer/config/methods.js';
import { createEngine } from '../src/trainer/engine/createEngine.js';
import { Trainable, type TrainBatch } from '../src/trainer/engine/trainable.js';
import { mapOf } from '../src/trainer/nn/networkMap.js';
import { firstValues } from '../src/trainer/peft/init.js';
import { methodOf } from '../src/trainer/peft/method.js';
import type { DeviceName } from '../src/trainer/protocol.js';
import { Random } from '../src/trainer/core/random.js';
import { openBaseModel } from '../src/trainer/models/baseModel.js';
import { pixelNormOf } from '../src/trainer/models/modelSpec.js';

const seed = 1;
const labels = 10;

export interface SubjectOptions {
  folder: string;
  device: DeviceName;
  batchSize: number;
  /** As in a config. */
  method: unknown;
  frozenPrecision?: 'fp32' | 'fp16' | 'int8' | undefined;
  /** 0 means every core. */
  threads: number;
}

export async function openSubject({
  folder,
  device,
  batchSize,
  method,
  frozenPrecision,
  threads,
}: SubjectOptions): Promise<{ trainable: Trainable; batch: TrainBatch }> {
  const base = await openBaseModel({ model: folder, init: 'pretrained', seed });
  const { height, width } = base.preprocessor.transform;
  const trainable = await Trainable.create(createEngine(device, { threads }), {
    model: {
      config: base.config,
      norm: pixelNormOf(base.preprocessor),
      weights: base.weights(seed),
      method: methodOf(methodObject().parse(method), mapOf(base.config)),
      frozenPrecision,
      labels,
      height,
      width,
    },
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, maxGradNorm: 1 },
    batchSize,
    evalBatchSize: batchSize,
    accumulates: false,
    seed,
  });
  trainable.restore({
    parameters: firstValues(trainable.parameters, (name, shape) => base.weight(name, shape, seed), seed),
  });
  const random = new Random(seed, 'bench');
  const images = new Uint8Array(batchSize * height * width * 3).map(() => random.below(256));
  const targets = new Float32Array(batchSize * labels);
  for (let i = 0; i < batchSize; i++) targets[i * labels + (i % labels)] = 1;
  return { trainable, batch: { images, targets, weights: new Float32Array(batchSize).fill(1 / batchSize) } };
}

/** Images per second: the median over the passes within `seconds`, after two warm-up passes. */
export async function rateOf(
  pass: (i: number) => Promise<unknown>,
  batchSize: number,
  seconds: number,
): Promise<number> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  for (let i = 0; performance.now() < end || times.length < 3; i++) {
    const start = performance.now();
    await pass(i);
    if (i >= 2) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return (batchSize * 1000) / times[times.length >> 1]!;
}
