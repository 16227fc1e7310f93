/** Our side of the benchmark: training steps and forward passes in this process, one JSON line at the end. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { readArguments } from './arguments.mjs';
import { openSubject, rateOf, type SubjectOptions } from './subject.js';

const { values, positionals } = readArguments(
  'vitune',
  { batch: 4, threads: 2, seconds: 20, precision: 'fp32', mode: '{"method":{"type":"lora"}}' },
  'MODEL_FOLDER',
);
const [folder] = positionals as [string];
const { batch: batchSize, threads, seconds, precision } = values;
const mode = JSON.parse(values.mode) as Pick<SubjectOptions, 'method' | 'frozenPrecision'>;
const { trainable, batch } = await openSubject({
  folder,
  device: 'cpu',
  batchSize,
  ...mode,
  threads,
});

const training = await rateOf((i) => trainable.step([batch], i, 1e-3), batchSize, seconds);
const forward = await rateOf(() => trainable.logits(batch.images), batchSize, seconds);
await trainable.dispose();
const ort = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'), 'utf8'),
) as { version: string };
console.log(
  JSON.stringify({
    side: 'ViTune',
    precision,
    images_per_second: training,
    forward_images_per_second: forward,
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
    versions: { 'onnxruntime-node': ort.version },
  }),
);
