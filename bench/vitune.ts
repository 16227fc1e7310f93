/** Our side of the benchmark: LoRA training and forward passes in this process, one JSON line at the end. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { openSubject, rateOf } from './subject.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    batch: { type: 'string', default: '4' },
    rank: { type: 'string', default: '8' },
    threads: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '20' },
    precision: { type: 'string', default: 'fp32' },
  },
});
const [folder] = positionals;
if (!folder) throw new Error('usage: vitune MODEL_FOLDER [--batch N] [--rank N] [--threads N] [--seconds S]');
const batchSize = Number(values.batch);
const { trainable, batch } = await openSubject({ folder, device: 'cpu', batchSize, rank: Number(values.rank), threads: Number(values.threads) });

const half = Number(values.seconds) / 2;
const training = await rateOf((i) => trainable.step([batch], i, 1e-3), batchSize, half);
const forward = await rateOf(() => trainable.logits(batch.images), batchSize, half);
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
