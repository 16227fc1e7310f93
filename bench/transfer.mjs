/**
 * Compares the embedded model with random weights: validation accuracy on photo folders after `head` and `lora`, from
 * the pretrained and from random weights with the same settings. Writes docs/transfer.md.
 *
 *     node bench/transfer.mjs FOLDER... [--seeds N] [--epochs N]
 */
import { writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ensureInstalled, root } from '../scripts/ensure-installed.mjs';
import { readArguments } from './arguments.mjs';
import { buildCli } from './bundle.mjs';
import { mean, percent } from './page.mjs';
import { train } from './training.mjs';

const { values, positionals: folders } = readArguments(
  'node bench/transfer.mjs',
  { seeds: 3, epochs: 10 },
  'FOLDER...',
);
ensureInstalled();
buildCli();

const seeds = Array.from({ length: values.seeds }, (_, i) => 42 + i);
/** Everything else keeps its default. */
const budget = { epochs: values.epochs, batchSize: 16 };

const run = async (dataset, method, init, seed) => {
  const { finished, images } = await train({ dataset: resolve(dataset), method, init, seed, ...budget });
  return { accuracy: finished.best.accuracy, images };
};

const rows = [];
for (const folder of folders) {
  for (const method of ['head', 'lora']) {
    const of = async (init) => {
      const runs = [];
      for (const seed of seeds) runs.push(await run(folder, method, init, seed));
      return runs;
    };
    const [pretrained, random] = [await of('pretrained'), await of('random')];
    const accuracy = [pretrained, random].map((runs) => mean(runs.map((each) => each.accuracy)));
    const { images } = pretrained[0];
    rows.push(
      `| ${basename(folder)} | ${images.train} / ${images.validation} | ${method} | ${percent(accuracy[0])} | ${percent(accuracy[1])} | ${(100 * (accuracy[0] - accuracy[1])).toFixed(1)} |`,
    );
    console.log(rows.at(-1));
  }
}
writeFileSync(
  join(root, 'docs', 'transfer.md'),
  `# The embedded model against random weights

Made by \`node bench/transfer.mjs\`: best validation accuracy, mean over the seeds ${seeds.join(', ')} (each draws its own split), after ${budget.epochs} epochs
with batch ${budget.batchSize} and otherwise default settings, on the CPU, and the same network from random weights with the same settings.

| images | train / validation | method | embedded | random | gain (points) |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`,
);
