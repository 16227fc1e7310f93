/**
 * Compares all methods on your own images: `vitune compare` on each folder, with the embedded model. Writes
 * docs/compare.md.
 *
 *     node bench/compare.mjs FOLDER... [--set KEY=VALUE]...
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { ensureInstalled, root } from '../scripts/ensure-installed.mjs';
import { readArguments, repeated } from './arguments.mjs';
import { buildCli } from './bundle.mjs';
import { machine, percent, table } from './page.mjs';

const { values, positionals } = readArguments('node bench/compare.mjs', { set: repeated('KEY=VALUE') }, 'FOLDER...');
ensureInstalled();
const cli = buildCli();
const work = mkdtempSync(join(tmpdir(), 'vitune-compare-'));
const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(0);

/** The results of all methods on the images of a folder. */
function compare(folder) {
  const output = join(work, basename(folder));
  const args = ['compare', '--dataset', folder, '--output', output, ...values.set.flatMap((each) => ['--set', each])];
  const done = spawnSync(process.execPath, [cli, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) throw new Error(`vitune ${args.join(' ')} ended with ${done.status}`);
  const { rows } = JSON.parse(readFileSync(join(output, 'compare.json'), 'utf8'));
  const failed = rows.find(({ error }) => error);
  if (failed) throw new Error(`${failed.method}: ${failed.error.message}`);
  const started = readFileSync(join(rows[0].run, 'events.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .find(({ type }) => type === 'started');
  return { rows, images: started.images, labels: started.labels.length };
}

const loads = [];
try {
  const sections = positionals.map((positional) => {
    const folder = resolve(positional);
    loads.push(loadavg()[0]);
    const { rows, images, labels } = compare(folder);
    const cells = rows.map(({ method, trainableParameters, peakMemoryBytes, seconds, accuracy }) => [
      `\`${method}\``,
      trainableParameters.toLocaleString('en'),
      mebibytes(peakMemoryBytes),
      seconds.toFixed(1),
      percent(accuracy),
    ]);
    const heading = `## ${basename(folder)}: ${labels} classes, ${images.train} training and ${images.validation} validation images`;
    return `${heading}\n\n${table(['method', '>trained parameters', '>peak memory, MiB', '>seconds', '>accuracy'], cells)}`;
  });
  const settings = values.set.length ? `, with ${values.set.map((each) => `\`${each}\``).join(', ')}` : '';
  writeFileSync(
    join(root, 'docs', 'compare.md'),
    `# All methods compared

Made by \`node bench/compare.mjs\`, which calls \`vitune compare\`: the embedded model, every method with its defaults${settings}, one split and seed (42) for
all. Accuracy is that of the best checkpoint on the validation images. Seconds are counted from the decoded images to the last evaluation.
The peak is that of the whole process, Node and decoder included. The weights of this model are 20 MB, so the methods differ more in the values they hold for
the backward pass than in the weights they train. For large models see [benchmarks](benchmarks.md).

${sections.join('\n\n')}

${machine(loads)}
`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
