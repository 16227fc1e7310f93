/** Our side of the benchmark: LoRA training and forward passes on a Hugging Face folder, in this process, one JSON line at the end. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { OrtEngine } from '../src/trainer/engine/ort.js';
import { Trainable } from '../src/trainer/engine/trainable.js';
import { methodOf } from '../src/trainer/peft/method.js';
import { initialAdapter } from '../src/trainer/peft/init.js';
import { Random } from '../src/trainer/random.js';
import { openBaseModel } from '../src/trainer/run/baseModel.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    batch: { type: 'string', default: '4' },
    rank: { type: 'string', default: '8' },
    threads: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '20' },
    precision: { type: 'string', default: 'fp32' },
    device: { type: 'string', default: 'cpu' },
  },
});
const [folder] = positionals;
if (!folder) throw new Error('usage: vitune MODEL_FOLDER [--batch N] [--rank N] [--threads N] [--seconds S]');
const batchSize = Number(values.batch);
const seed = 1;
const labels = 10;

const base = await openBaseModel({ model: folder, init: 'pretrained', seed });
const { transform, mean, std, rescaleFactor } = base.preprocessor;
const trainable = await Trainable.create(new OrtEngine(values.device as 'cpu' | 'webgpu' | 'cuda', { threads: Number(values.threads) }), {
  model: {
    config: base.config,
    norm: { mean, deviation: std, rescale: rescaleFactor },
    frozen: (name, shape) => base.weight(name, shape, seed),
    method: methodOf({ type: 'lora', rank: Number(values.rank), alpha: 16, dropout: 0, targetModules: ['query', 'value'] }),
    labels,
    height: transform.height,
    width: transform.width,
  },
  optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, maxGradNorm: 1 },
  batchSize,
  evalBatchSize: batchSize,
  accumulates: false,
  seed,
});
trainable.restore({
  parameters: new Map(trainable.parameters.map(({ name, shape }) => [name, initialAdapter(name, shape, seed) ?? base.weight(name, shape, seed).slice()])),
});

const random = new Random(seed, 'bench');
const images = new Uint8Array(batchSize * transform.height * transform.width * 3).map(() => random.below(256));
const targets = new Float32Array(batchSize * labels);
for (let i = 0; i < batchSize; i++) targets[i * labels + (i % labels)] = 1;
const weights = new Float32Array(batchSize).fill(1 / batchSize);

/** Pictures a second: the median over the single passes within half of the time given, after two passes to warm up. */
async function rate(pass: (i: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  const end = performance.now() + Number(values.seconds) * 500;
  for (let i = 0; performance.now() < end || times.length < 5; i++) {
    const start = performance.now();
    await pass(i);
    if (i >= 2) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return (batchSize * 1000) / times[times.length >> 1]!;
}

const training = await rate((i) => trainable.step([{ images, targets, weights }], i, 1e-3));
const forward = await rate(() => trainable.logits(images));
await trainable.dispose();
const ort = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'), 'utf8')) as { version: string };
console.log(
  JSON.stringify({
    side: 'ViTune',
    precision: values.precision,
    images_per_second: training,
    forward_images_per_second: forward,
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
    versions: { 'onnxruntime-node': ort.version },
  }),
);
