/**
 * A program: takes the 20 steps of stored curves in ONNX Runtime on the CPU and on the device named by its argument,
 * and prints how far the two differ, as JSON.
 */
import { join } from 'node:path';
import { createEngine } from '../../../../src/trainer/engine/createEngine.js';
import { readSafetensors } from '../../../../src/trainer/checkpoint/safetensors.js';
import type { DeviceName } from '../../../../src/trainer/protocol.js';
import { follow, golden, openGolden, readGolden, type Curve, type Followed, type Training } from '../goldenCurves.js';

const { labels, images, training, curves } = readGolden('vit') as {
  labels: string[];
  images: { truth: number[] };
  training: Training;
  curves: Record<string, Curve>;
};
const lora = { rank: 4, alpha: 8 };
const cases: Record<string, { method: object; curve: string }> = {
  LoRA: { method: { type: 'lora', ...lora }, curve: 'lora' },
  'LoRA in two parts': { method: { type: 'lora', ...lora }, curve: 'lora-accumulation' },
  'QLoRA in NF4': { method: { type: 'qlora', ...lora, quantization: 'nf4', blockSize: 64 }, curve: 'lora' },
  'QLoRA in int8': { method: { type: 'qlora', ...lora, quantization: 'int8', blockSize: 64 }, curve: 'lora' },
  full: { method: { type: 'full' }, curve: 'full' },
  'full with Muon': { method: { type: 'full' }, curve: 'full-muon' },
};

const { tensors } = await readSafetensors(join(golden, 'curves', 'vit-lora-initial', 'adapter_model.safetensors'));

async function followed(device: DeviceName, { method, curve: name }: { method: object; curve: string }) {
  const curve = curves[name]!;
  const options = { method, training, labels: labels.length, curve, engine: createEngine(device) };
  const { base, trainable, inputs } = await openGolden('vit', options);
  const first = trainable.parameters.map(
    (p) => [p.name, tensors.get(`base_model.model.${p.name}`)?.data ?? base.weight(p.name, p.shape, 0)] as const,
  );
  trainable.restore({ parameters: new Map(first) });
  const result = await follow(trainable, curve, training, { inputs, truth: images.truth, labels: labels.length });
  await trainable.dispose();
  return result;
}

/** The greatest difference of each kind, relative to the number where that is above 0.01. */
export type CurveDifference = Record<keyof Omit<Followed, 'rates'>, number>;

const furthest = (actual: ArrayLike<number>, expected: ArrayLike<number>): number =>
  Math.max(...Array.from(expected, (e, i) => Math.abs(actual[i]! - e) / Math.max(1e-2, Math.abs(e))));

const differences: Record<string, CurveDifference> = {};
for (const [name, each] of Object.entries(cases)) {
  const [expected, actual] = [await followed('cpu', each), await followed(process.argv[2] as DeviceName, each)];
  differences[name] = {
    losses: furthest(actual.losses, expected.losses),
    norms: furthest(actual.norms, expected.norms),
    logits: furthest(actual.logits, expected.logits),
  };
}
console.log(JSON.stringify(differences));
