/**
 * A program: takes the same training steps on the CPU and on the device named by its argument, and prints how far they
 * differ, as JSON.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { Trainable, type ReadState, type TrainBatch, type Values } from '../../../src/trainer/engine/trainable.js';
import { firstValues } from '../../../src/trainer/peft/init.js';
import type { DeviceName } from '../../../src/trainer/protocol.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { specOf } from '../models/specOf.js';

interface Case {
  name: string;
  model: string;
  /** As a config has it. */
  method: object;
  /** Parts of each step. */
  parts: number;
  hiddenDropout: number;
  dropPath?: number;
  patchDropout?: number;
  ema?: { decay: number };
}

const lora = { type: 'lora', rank: 4, alpha: 8, dropout: 0.2, targetModules: ['query', 'value', 'dense'] };
export const cases: readonly Case[] = [
  { name: 'head', model: 'vit', method: { type: 'head', dropout: 0.2, hidden: 8 }, parts: 1, hiddenDropout: 0 },
  { name: 'LoRA with dropout', model: 'vit', method: lora, parts: 1, hiddenDropout: 0.1 },
  { name: 'full', model: 'vit', method: { type: 'full', layerDecay: 0.7 }, parts: 1, hiddenDropout: 0 },
  {
    name: 'LoRA with drop path and averaged weights',
    model: 'vit',
    method: lora,
    parts: 1,
    hiddenDropout: 0,
    dropPath: 0.5,
    ema: { decay: 0.5 },
  },
  {
    name: 'LoRA on half of the patches, rotary positions among them',
    model: 'dinov3',
    method: { ...lora, targetModules: ['q_proj', 'v_proj'] },
    parts: 1,
    hiddenDropout: 0,
    patchDropout: 0.5,
  },
  {
    name: 'DoRA with dropout',
    model: 'vit',
    method: { ...lora, useDora: true, useRslora: true, layersToTransform: [1, 2] },
    parts: 1,
    hiddenDropout: 0,
  },
  {
    name: 'adapters',
    model: 'vit',
    method: { type: 'adapter', placement: 'houlsby', bottleneck: 4, activation: 'silu', dropout: 0.2 },
    parts: 1,
    hiddenDropout: 0.1,
  },
  { name: 'QLoRA in NF4', model: 'vit', method: { ...lora, type: 'qlora', blockSize: 64 }, parts: 1, hiddenDropout: 0 },
  {
    name: 'QLoRA in int8',
    model: 'vit',
    method: { ...lora, type: 'qlora', quantization: 'int8' },
    parts: 1,
    hiddenDropout: 0,
  },
  {
    name: 'partial',
    model: 'vit',
    method: { type: 'partial', blocks: 1, modules: ['bias'] },
    parts: 1,
    hiddenDropout: 0,
  },
  { name: 'LoRA in three parts', model: 'vit', method: lora, parts: 3, hiddenDropout: 0 },
  {
    name: 'full with a distilled head',
    model: 'deit-teacher',
    method: { type: 'full', layerDecay: 0.7 },
    parts: 1,
    hiddenDropout: 0,
  },
];

/** What a device gave: numbers to be held against another device's. */
interface Outcome {
  losses: number[];
  norms: number[];
  logits: number[];
  state: ReadState;
}

/**
 * The greatest difference of each kind: relative for losses and norms, relative to the greatest number of its kind for
 * the rest.
 */
export interface Difference {
  loss: number;
  norm: number;
  logits: number;
  /** Relative to the greatest change of a parameter. */
  parameters: number;
  /** Of averages, where there are any; relative to the same. */
  ema?: number;
  m: number;
  v: number;
}

const golden = join(fileURLToPath(new URL('../../golden', import.meta.url)));
const images = new Uint8Array(readFileSync(join(golden, 'images.bin')));
const [labels, batchSize, size] = [5, 4, 32];
const learningRate = 0.01;

function batchesOf(count: number, parts: number): TrainBatch[] {
  return Array.from({ length: count }, (_, i) => {
    const targets = new Float32Array(batchSize * labels).fill(0.02);
    for (let k = 0; k < batchSize; k++) targets[k * labels + ((i * 3 + k) % labels)] = 0.92;
    const start = (i % 4) * batchSize * size * size * 3;
    return {
      images: images.slice(start, start + batchSize * size * size * 3),
      targets,
      weights: new Float32Array(batchSize).fill(1 / batchSize / parts),
    };
  });
}

async function outcomeOf(
  device: DeviceName,
  { model: name, method, parts, hiddenDropout, dropPath, patchDropout, ema }: Case,
): Promise<{ outcome: Outcome; initial: Values }> {
  const base = await openBaseModel({ model: join(golden, 'models', name), init: 'pretrained', seed: 0 });
  const trainable = await Trainable.create(createEngine(device), {
    model: { ...specOf(base, method, labels), config: { ...base.config, hiddenDropout }, dropPath, patchDropout },
    // An epsilon of this size damps what is mere noise: a gradient that is zero but for rounding would else move its
    // parameter by a whole learning rate.
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-3, weightDecay: 0.01, maxGradNorm: 1, ema },
    batchSize,
    evalBatchSize: batchSize,
    accumulates: parts > 1,
    seed: 3,
  });
  const initial: Values = firstValues(trainable.parameters, (weight, shape) => base.weight(weight, shape, 0), 0);
  trainable.restore({ parameters: initial });
  const [losses, norms]: number[][] = [[], []];
  // Two steps, so that what stayed on the device is fed again.
  for (let step = 0; step < 2; step++) {
    const { loss, gradientNorm } = await trainable.step(
      batchesOf(parts * (step + 1), parts).slice(-parts),
      step,
      learningRate,
    );
    losses!.push(loss);
    norms!.push(gradientNorm);
  }
  const logits = Array.from(await trainable.logits(batchesOf(1, 1)[0]!.images));
  const state = await trainable.read();
  await trainable.dispose();
  return { outcome: { losses: losses!, norms: norms!, logits, state }, initial };
}

function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce(
    (most, each) => (each >= most || Number.isNaN(each) ? each : most),
    0,
  );
}
const flat = (values: Values): number[] => [...values.values()].flatMap((each) => Array.from(each));
const relativeTo = (reference: readonly number[], a: readonly number[], b: readonly number[]): number =>
  furthest(a, b) /
  furthest(
    reference,
    reference.map(() => 0),
  );
const relative = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!) / Math.abs(b[i]!)));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const differences: Record<string, Difference> = {};
  for (const each of cases) {
    const { outcome: expected, initial } = await outcomeOf('cpu', each);
    const { outcome: actual } = await outcomeOf(process.argv[2] as DeviceName, each);
    const start = flat(initial);
    const moved = flat(expected.state.parameters).map((value, i) => value - start[i]!);
    differences[each.name] = {
      loss: relative(actual.losses, expected.losses),
      norm: relative(actual.norms, expected.norms),
      logits: relativeTo(expected.logits, actual.logits, expected.logits),
      parameters: relativeTo(moved, flat(actual.state.parameters), flat(expected.state.parameters)),
      ...(each.ema ? { ema: relativeTo(moved, flat(actual.state.ema!), flat(expected.state.ema!)) } : {}),
      m: relativeTo(flat(expected.state.m), flat(actual.state.m), flat(expected.state.m)),
      v: relativeTo(flat(expected.state.v), flat(actual.state.v), flat(expected.state.v)),
    };
  }
  console.log(JSON.stringify(differences));
}
