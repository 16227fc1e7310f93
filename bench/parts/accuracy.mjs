/**
 * The accuracy cost of int8: a head on features in fp32 and in int8, over so many splits that single images do not
 * decide.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machine, mean, percent, table } from '../page.mjs';
import { ensureModel, names } from '../peer.mjs';
import { train } from '../training.mjs';
import { BATCH, EPOCHS, modes, planOf, RATE } from './head.mjs';

const SEEDS = Array.from({ length: 10 }, (_, i) => 42 + i);
const points = (share) => `${share < 0 ? '-' : '+'}${Math.abs(100 * share).toFixed(1)}`;

export async function accuracy({ python, dataset, models, threads, say }) {
  const { labels } = await planOf(dataset, SEEDS[0], EPOCHS);
  const rows = [];
  for (const name of ['embedded', ...models]) {
    const model = ensureModel(python, name, labels);
    const reached = {};
    for (const [precision, mode] of Object.entries(modes)) {
      // Splits differ by seed, features do not.
      const cache = mkdtempSync(join(tmpdir(), 'vitune-bench-cache-'));
      try {
        reached[precision] = [];
        for (const seed of SEEDS) {
          const config = {
            dataset,
            model,
            method: 'head',
            epochs: EPOCHS,
            batchSize: BATCH,
            learningRate: RATE,
            seed,
            ...mode,
          };
          const { accuracies } = await train(config, { env: { VITUNE_THREADS: `${threads}`, VITUNE_CACHE: cache } });
          reached[precision].push(accuracies[0]);
        }
      } finally {
        rmSync(cache, { recursive: true, force: true });
      }
    }
    const { fp32, int8 } = reached;
    const differences = fp32.map((share, i) => int8[i] - share);
    rows.push([
      names[name],
      percent(mean(fp32)),
      percent(mean(int8)),
      points(mean(int8) - mean(fp32)),
      `${points(Math.min(...differences))} to ${points(Math.max(...differences))}`,
    ]);
    say(`accuracy, ${names[name]}: fp32 ${percent(mean(fp32))}, int8 ${percent(mean(int8))}`);
  }
  const headings = ['model', '>fp32', '>int8', '>int8 above fp32, points', '>in single splits, points'];
  return `## Accuracy of a head in int8

Best validation accuracy of the training under "Head", means over the splits of the seeds ${SEEDS[0]} to ${SEEDS.at(-1)}. With 194 validation images one image is half a point.

${table(headings, rows)}

${machine([])}`;
}
