/** Our side of the benchmark: training steps and forward passes in this process, one JSON line at the end. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { openSubject, rateOf, type SubjectOptions } from './subject.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    batch: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '20' },
    precision: { type: 'string', default: 'fp32' },
    mode: { type: 'string', default: '{"method":{"type":"lora"}}' },
  },
});
const [folder] = positionals;
if (!folder)
  throw new Error(
    'usage: vitune MODEL_FOLDER [--batch N] [--threads N] [--seconds S] [--precision NAME] [--mode JSON]',
  );
const batchSize = Number(values.batch);
const mode = JSON.parse(values.mode) as Pick<SubjectOptions, 'method' | 'frozenPrecision'>;
const { trainable, batch } = await openSubject({
  folder,
  device: 'cpu',
  batchSize,
  ...mode,
  threads: Number(values.threads),
});

const seconds = Number(values.seconds);
const training = await rateOf((i) => trainable.step([batch], i, 1e-3), batchSize, seconds);
const forward = await rateOf(() => trainable.logits(batch.images), batchSize, seconds);
await trainable.dispose();
const ort = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'), 'utf8'),
) as { version: string };
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
