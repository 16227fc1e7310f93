/**
 * Measures how one model for several columns of a label file changes the accuracy of each: every column learnt alone
 * and all learnt together, on one split, with the embedded model. Writes docs/multitask.md.
 *
 *     node bench/multitask.mjs FOLDER:COLUMN,COLUMN... [--methods NAME,NAME...] [--seeds N] [--epochs N] [--images N]
 *
 * FOLDER holds a labels.csv. A hash of their path selects a fifth of the images for validation, the same ones in every
 * run.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { ensureInstalled, root } from '../scripts/ensure-installed.mjs';
import { readArguments } from './arguments.mjs';
import { buildCli } from './bundle.mjs';
import { mean, percent, table } from './page.mjs';
import { train } from './training.mjs';

const { values, positionals } = readArguments(
  'node bench/multitask.mjs',
  { methods: ['head', 'lora'], seeds: 3, epochs: 10, images: 1_000_000 },
  'FOLDER:COLUMN,COLUMN...',
);
ensureInstalled();
buildCli();

const seeds = Array.from({ length: values.seeds }, (_, i) => 42 + i);
const work = mkdtempSync(join(tmpdir(), 'vitune-multitask-'));

/**
 * Writes a label file with a split that does not depend on the columns. A label is validated only if it is also
 * trained.
 */
function labelFile(folder, columns) {
  const rows = parse(readFileSync(join(folder, 'labels.csv')), { columns: true, bom: true });
  const drawn = (row) => createHash('sha256').update(row.file).digest().readUInt32BE() / 2 ** 32;
  const chosen = [...rows].sort((a, b) => drawn(a) - drawn(b)).slice(0, values.images);
  const count = Math.round(chosen.length / 5);
  const [held, rest] = [chosen.slice(0, count), chosen.slice(count)];
  const trained = columns.map((column) => new Set(rest.map((row) => row[column])));
  const isKnown = (row) => columns.every((column, i) => trained[i].has(row[column]));
  const cell = (text) => `"${text.replaceAll('"', '""')}"`;
  const lines = [
    ...rest.map((row) => [row, 'train']),
    ...held.map((row) => [row, isKnown(row) ? 'validation' : 'train']),
  ].map(([row, split]) => [row.file, split, ...columns.map((column) => row[column])].map(cell).join());
  const file = join(work, `${basename(folder)}.csv`);
  writeFileSync(file, `${['file', 'split', ...columns].map(cell).join()}\n${lines.join('\n')}\n`);
  return file;
}

/** One run for each seed: the accuracy of each column after the last epoch and at the best checkpoint. */
async function runs(method, folder, labels, columns) {
  const dataset = { folder, labels, columns };
  const results = [];
  for (const seed of seeds) results.push(await train({ dataset, method, seed, batchSize: 16, epochs: values.epochs }));
  return results.map(({ accuracies, lastAccuracies, finished: { seconds }, images }) => ({
    best: accuracies,
    last: lastAccuracies,
    seconds,
    images,
  }));
}

const { methods } = values;
const sections = [];
let met = true;
try {
  for (const method of methods) {
    const rows = [];
    let smallestGain = Infinity;
    for (const positional of positionals) {
      const at = positional.lastIndexOf(':');
      const [folder, columns] = [resolve(positional.slice(0, at)), positional.slice(at + 1).split(',')];
      const labels = labelFile(folder, columns);
      const together = await runs(method, folder, labels, columns);
      for (const [i, column] of columns.entries()) {
        const alone = await runs(method, folder, labels, [column]);
        const of = (list, when, task) => mean(list.map((each) => each[when][task]));
        const gain = of(together, 'last', i) - of(alone, 'last', 0);
        const { images } = alone[0];
        smallestGain = Math.min(smallestGain, gain);
        rows.push([
          basename(folder),
          `${images.train} / ${images.validation}`,
          column,
          percent(of(alone, 'last', 0)),
          percent(of(together, 'last', i)),
          (100 * gain).toFixed(1),
          `${percent(of(alone, 'best', 0))}, ${percent(of(together, 'best', i))}`,
          ...[alone, together].map((list) => `${mean(list.map(({ seconds }) => seconds)).toFixed(0)} s`),
        ]);
        console.log(method, rows.at(-1).join(' | '));
      }
    }
    met &&= smallestGain >= -0.02;
    const headings = [
      'images',
      'train / validation',
      'column',
      '>alone',
      '>together',
      '>gain (points)',
      '>best checkpoint alone, together',
      '>seconds alone',
      '>together',
    ];
    sections.push(`## ${method}

${table(headings, rows)}

${smallestGain >= -0.02 ? 'Every' : 'Not every'} column is at most 2 points worse than when it is learnt alone.
`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
writeFileSync(
  join(root, 'docs', 'multitask.md'),
  `# One model for several columns

Made by \`node bench/multitask.mjs\`: validation accuracy after the last of ${values.epochs} epochs, mean over the seeds ${seeds.join(', ')}, with batch 16 and otherwise default settings,
on the CPU, with the embedded model. Each column is learnt alone, and all columns by one model, on one split. The last epoch is compared, because the best checkpoint is the
luckiest of ${values.epochs} on the same images that it is evaluated on: a column alone picks its own best, one model for all picks by their mean.

${sections.join('\n')}`,
);
process.exitCode = met ? 0 : 1;
