/**
 * What the embedded model's pretraining is worth: validation accuracy on photo folders after `head` and `lora`, beside the same
 * network from random weights under the same budget. Writes docs/transfer.md.
 *
 *     node bench/transfer.mjs FOLDER... [--seeds N] [--epochs N]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, root } from '../scripts/ensure-installed.mjs';

const { values, positionals: folders } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '3' }, epochs: { type: 'string', default: '10' } },
});
if (!folders.length) throw new Error('usage: node bench/transfer.mjs FOLDER... [--seeds N] [--epochs N]');
ensureInstalled();
const built = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' });
if (built.status !== 0) process.exit(1);

const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => 42 + i);
/** All else is as a config without it has it. */
const budget = { epochs: Number(values.epochs), batchSize: 16 };

/** Best validation accuracy of one run, and its seconds. */
function run(dataset, method, init, seed) {
  const work = mkdtempSync(join(tmpdir(), 'vitune-transfer-'));
  try {
    const config = join(work, 'transfer.vitune.json');
    writeFileSync(config, JSON.stringify({ dataset: resolve(dataset), method, init, seed, device: 'cpu', ...budget }));
    const done = spawnSync(process.execPath, [join(root, 'dist', 'trainer', 'cli.mjs'), 'train', config, '--json'], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (done.status !== 0) throw new Error(done.stderr);
    const events = done.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { best, seconds } = events.find(({ type }) => type === 'finished');
    const { images } = events.find(({ type }) => type === 'started');
    return { accuracy: best.accuracy, seconds, images };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const rows = [];
for (const folder of folders) {
  for (const method of ['head', 'lora']) {
    const of = (init) => seeds.map((seed) => run(folder, method, init, seed));
    const [pretrained, random] = [of('pretrained'), of('random')];
    const accuracy = [pretrained, random].map((runs) => mean(runs.map((each) => each.accuracy)));
    const { images } = pretrained[0];
    rows.push(
      `| ${basename(folder)} | ${images.train} / ${images.validation} | ${method} | ${percent(accuracy[0])} | ${percent(accuracy[1])} | ${(100 * (accuracy[0] - accuracy[1])).toFixed(1)} | ${mean(pretrained.map((each) => each.seconds)).toFixed(0)} s |`,
    );
    console.log(rows.at(-1));
  }
}
writeFileSync(
  join(root, 'docs', 'transfer.md'),
  `# What the embedded model is worth

Made by \`node bench/transfer.mjs\`: best validation accuracy, mean over the seeds ${seeds.join(', ')} (each draws its own split), after ${budget.epochs} epochs
with batch ${budget.batchSize} and otherwise default settings, on the CPU; beside it the same network from random weights with the same settings.

| pictures | train / validation | method | embedded | random | gain (points) | seconds a run |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`,
);
