/**
 * The benchmark: ViTune and PyTorch + PEFT fine-tune the same ViT by turns; medians and ratios go to docs/benchmarks.md.
 *
 *     npm run bench -- [--model ti|s|b] [--rounds N] [--seconds S] [--threads N] [--side ours|peer|both]
 *
 * The first run makes a Python environment in .venv (a few GB of download on Linux); PYTHON names the interpreter to make it with.
 * Only a run of both sides is written down. Let nothing else run meanwhile: PyTorch's threads wait for one another.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, root } from '../scripts/ensure-installed.mjs';

const BATCH = 4;
const RANK = 8;
/** What the project promises for ViT-Ti/16 on two cores. */
const TARGETS = { images_per_second: 20, forward_images_per_second: 58, peak_rss_mb: 700 };
const NAMES = { ti: 'ViT-Ti/16', s: 'ViT-S/16', b: 'ViT-B/16' };

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: 'ti' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '20' },
    threads: { type: 'string', default: '2' },
    side: { type: 'string', default: 'both' },
  },
});

/** Runs a program to its end and returns its stdout; what it says on stderr is shown only where it fails. */
function run(program, args) {
  const done = spawnSync(program, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')} failed (${done.status ?? done.signal}):\n${done.stderr}`);
  return done.stdout;
}

function findPython() {
  const known = process.env.PYTHON ? [process.env.PYTHON] : ['python3.11', 'python3', 'python'];
  const suits = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))';
  const found = known.find((name) => spawnSync(name, ['-c', suits], { stdio: 'ignore' }).status === 0);
  if (!found) throw new Error(`The peer's side needs Python 3.11 or later with venv; tried ${known.join(', ')}. Set PYTHON to one.`);
  return found;
}

/** Makes .venv where it is missing, brings it to the pinned requirements, and returns its interpreter. */
function ensurePython() {
  const folder = join(root, '.venv');
  const python = process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
  const stamp = join(folder, 'requirements-installed.txt');
  const wanted = readFileSync(join(root, 'test', 'golden', 'requirements.txt'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  console.error('Making the Python environment in .venv …');
  if (!existsSync(python)) run(findPython(), ['-m', 'venv', folder]);
  run(python, ['-m', 'pip', 'install', '--quiet', '-r', join('bench', 'peers', 'requirements.txt')]);
  writeFileSync(stamp, wanted);
  return python;
}

function ensureModel(python) {
  const folder = join(root, 'build', 'bench', `vit-${options.model}`);
  if (existsSync(join(folder, 'model.safetensors'))) return folder;
  mkdirSync(folder, { recursive: true });
  run(python, [join('bench', 'peers', 'make_model.py'), folder, options.model]);
  return folder;
}

/** Our side as it ships: bundled, without a loader of TypeScript in the process that is measured. */
async function bundleOurs() {
  const { build } = await import('esbuild');
  const outfile = join(root, 'build', 'bench', 'vitune.mjs');
  await build({
    entryPoints: [join(root, 'bench', 'vitune.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  });
  return outfile;
}

/** The contenders: each prints one JSON line, last, with `side`, `precision` and the figures of TARGETS. */
async function contenders(python, model) {
  const shared = [model, '--batch', `${BATCH}`, '--rank', `${RANK}`, '--threads', options.threads, '--seconds', options.seconds];
  const list = [];
  if (options.side !== 'peer') {
    const ours = await bundleOurs();
    list.push(() => run(process.execPath, [ours, ...shared, '--precision', 'fp32']));
  }
  if (options.side !== 'ours') {
    for (const precision of ['fp32', 'bf16']) list.push(() => run(python, [join('bench', 'peers', 'vit_lora.py'), ...shared, '--precision', precision]));
  }
  return list.map((start) => () => JSON.parse(start().trimEnd().split('\n').at(-1)));
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** One row a contender: the medians over all rounds, and the ratio to ours. */
function summarise(rounds) {
  const rows = rounds[0].map((first, i) => {
    const figures = Object.keys(TARGETS).map((key) => [key, median(rounds.map((round) => round[i][key]))]);
    return { side: first.side, precision: first.precision, before: first.rss_before_model_mb, versions: first.versions, ...Object.fromEntries(figures) };
  });
  return rows.map((row) => ({ ...row, ratio: rows[0].images_per_second / row.images_per_second }));
}

function report(rows, loads) {
  const memory = (row) => `${row.peak_rss_mb.toFixed(0)}${row.before ? ` (${row.before.toFixed(0)} before there is a model)` : ''}`;
  const line = (row) =>
    `| ${row.side} | ${row.precision} | ${row.images_per_second.toFixed(1)} | ${row.forward_images_per_second.toFixed(1)} | ${memory(row)} | ${row.ratio.toFixed(2)} |`;
  const versions = Object.assign({ node: process.versions.node }, ...rows.map((row) => row.versions));
  const target =
    options.model === 'ti'
      ? [`| *target* | fp32 | *≥ ${TARGETS.images_per_second}* | *≥ ${TARGETS.forward_images_per_second}* | *< ${TARGETS.peak_rss_mb}* | |`]
      : [];
  return [
    `## ${NAMES[options.model]} at 224, LoRA rank ${RANK} on query and value of all blocks, batch ${BATCH}`,
    '',
    `${new Date().toISOString().slice(0, 10)}, ${os.cpus()[0].model.trim()}, ${os.cpus().length} cores, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, ` +
      `${os.platform()} ${os.arch()}; ${options.threads} threads; medians of ${options.rounds} rounds of ${options.seconds} s each, sides by turns. ` +
      `Load average at the rounds' starts: ${loads.map((load) => load.toFixed(1)).join(', ')}.`,
    '',
    `Versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    '',
    '| side | precision | training, images/s | forward only, images/s | peak memory, MB | training speed of ViTune over it |',
    '| --- | --- | --: | --: | --: | --: |',
    ...rows.map(line),
    ...target,
    '',
  ].join('\n');
}

/** Puts the section between its own marks in docs/benchmarks.md, and leaves all else there as it is. */
function write(section) {
  const path = join(root, 'docs', 'benchmarks.md');
  const [begin, end] = [`<!-- bench ${options.model}: written by npm run bench -->`, `<!-- end of bench ${options.model} -->`];
  const page = existsSync(path) ? readFileSync(path, 'utf8') : '# Benchmarks\n';
  const block = `${begin}\n${section}${end}`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  mkdirSync(join(root, 'docs'), { recursive: true });
  writeFileSync(path, from >= 0 && to > from ? page.slice(0, from) + block + page.slice(to + end.length) : `${page.trimEnd()}\n\n${block}\n`);
}

if (!(options.model in NAMES)) throw new Error(`--model is one of ${Object.keys(NAMES).join(', ')}, not ${options.model}`);
if (!['ours', 'peer', 'both'].includes(options.side)) throw new Error(`--side is ours, peer or both, not ${options.side}`);
ensureInstalled();
const python = ensurePython();
const sides = await contenders(python, ensureModel(python));
const [rounds, loads] = [[], []];
for (let round = 0; round < Number(options.rounds); round++) {
  loads.push(os.loadavg()[0]);
  rounds.push([]);
  for (const start of sides) {
    const figures = start();
    rounds.at(-1).push(figures);
    console.error(`${figures.side} ${figures.precision}: ${figures.images_per_second.toFixed(1)} images/s`);
  }
}
const section = report(summarise(rounds), loads);
if (options.side === 'both') write(section);
console.log(section);
