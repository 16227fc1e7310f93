/**
 * What a machine with a graphics card runs: that WebGPU (and CUDA, where it loads) trains as the CPU does, and how fast.
 *
 *     node gpu.mjs MODEL_FOLDER [--device webgpu] [--batches 4,16,64] [--seconds 10]
 */
import { parseArgs } from 'node:util';
import type { DeviceName } from '../../src/trainer/protocol.js';
import { openSubject, rateOf } from '../subject.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', default: 'webgpu' },
    batches: { type: 'string', default: '4,16,64' },
    seconds: { type: 'string', default: '10' },
    steps: { type: 'string', default: '5' },
  },
});
const [folder] = positionals;
if (!folder) throw new Error('usage: gpu MODEL_FOLDER [--device webgpu|cuda] [--batches 4,16,64] [--seconds S] [--steps N]');
const device = values.device as DeviceName;

/** Losses of the first steps. */
async function losses(on: DeviceName): Promise<number[]> {
  const { trainable, batch } = await openSubject({ folder: folder!, device: on, batchSize: 4, method: { type: 'lora' }, threads: 0 });
  const found: number[] = [];
  for (let step = 0; step < Number(values.steps); step++) found.push((await trainable.step([batch], step, 1e-3)).loss);
  await trainable.dispose();
  return found;
}

const [cpu, gpu] = [await losses('cpu'), await losses(device)];
const worst = Math.max(...cpu.map((loss, i) => Math.abs(loss - gpu[i]!) / Math.abs(loss)));
console.log(JSON.stringify({ check: 'losses equal the CPU within 1e-3', device, passed: worst < 1e-3, worst, cpu, gpu }));

for (const batchSize of values.batches.split(',').filter(Boolean).map(Number)) {
  const { trainable, batch } = await openSubject({ folder, device, batchSize, method: { type: 'lora' }, threads: 0 });
  const training = await rateOf((i) => trainable.step([batch], i, 1e-3), batchSize, Number(values.seconds));
  const forward = await rateOf(() => trainable.logits(batch.images), batchSize, Number(values.seconds));
  console.log(JSON.stringify({ device, batchSize, images_per_second: training, forward_images_per_second: forward }));
  await trainable.dispose();
}
process.exitCode = worst < 1e-3 ? 0 : 1;
