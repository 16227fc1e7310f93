/**
 * The benchmark: measures ViTune's claims about speed and memory against Python on the same weights and images; the two
 * sides alternate. Each part writes its section of docs/benchmarks.md, or of the page named by --page.
 *
 * npm run bench -- [head] [accuracy] [lora] [memory] [start] [scale] [--models ti,s,b] [--rounds N] [--seeds N]
 * [--seconds S] [--threads N] [--peer-epochs N] [--compile] [--trainings ti,s,b] [--peer-precisions fp32,bf16]
 * [--dataset FOLDER] [--sizes 1000,10000,...] [--page FILE] [--dry]
 *
 * Without parts it runs all of them: about 25 minutes on two idle cores, and 15 more for a million images. The first run
 * creates a Python environment in .venv (a few GB of download on Linux); PYTHON names the interpreter for it.
 * --trainings names larger models whose LoRA is trained completely, best mode against best mode, in addition to the
 * embedded one (ViT-Ti 4 minutes per seed, ViT-S 8, ViT-B 20). --peer-epochs 10 measures the peer's Trainer in full
 * instead of extrapolating; --compile adds torch.compile; --dry prints and writes nothing. --peer-precisions fp32 leaves
 * out bf16, in which PyTorch is many times slower than in fp32 on a CPU without bf16 instructions; the last one counts as
 * the peer's best mode. Run nothing else meanwhile: PyTorch's threads wait for one another.
 */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, root } from '../scripts/ensure-installed.mjs';
import { buildCli } from './bundle.mjs';
import { writeSection } from './page.mjs';
import { accuracy } from './parts/accuracy.mjs';
import { head } from './parts/head.mjs';
import { lora } from './parts/lora.mjs';
import { memory } from './parts/memory.mjs';
import { scale } from './parts/scale.mjs';
import { start } from './parts/start.mjs';
import { ensurePython, names } from './peer.mjs';

const parts = { head, accuracy, lora, memory, start, scale };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    models: { type: 'string', default: 'ti,s' },
    rounds: { type: 'string', default: '2' },
    seeds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    threads: { type: 'string', default: `${availableParallelism()}` },
    'peer-epochs': { type: 'string' },
    'peer-precisions': { type: 'string', default: 'fp32,bf16' },
    trainings: { type: 'string', default: '' },
    compile: { type: 'boolean', default: false },
    dataset: { type: 'string', default: join('..', 'shared', 'data', 'photos', 'trashnet') },
    sizes: { type: 'string', default: '1000,10000,100000,1000000' },
    page: { type: 'string' },
    dry: { type: 'boolean', default: false },
  },
});
const chosen = positionals.length ? positionals : Object.keys(parts);
const namesIn = (text) => text.split(',').filter(Boolean);
const models = namesIn(values.models);
const trainings = namesIn(values.trainings);
const peerPrecisions = namesIn(values['peer-precisions']);
const choices = [
  [chosen, parts],
  [models, names],
  [trainings, names],
  [peerPrecisions, { fp32: true, bf16: true }],
];
for (const [name, known] of choices.flatMap(([given, known]) => given.map((name) => [name, known]))) {
  if (!(name in known)) throw new Error(`${name} is not one of ${Object.keys(known).join(', ')}`);
}
ensureInstalled();
const cli = buildCli();
const began = performance.now();
const say = (text) => console.error(`[${((performance.now() - began) / 1000).toFixed(0)} s] ${text}`);
const options = {
  cli,
  python: ensurePython(),
  models,
  trainings,
  rounds: Number(values.rounds),
  seeds: Array.from({ length: Number(values.seeds) }, (_, i) => 42 + i),
  seconds: Number(values.seconds),
  threads: Number(values.threads),
  peerEpochs: values['peer-epochs'] && Number(values['peer-epochs']),
  peerPrecisions,
  compile: values.compile,
  dataset: resolve(root, values.dataset),
  sizes: values.sizes.split(',').map(Number),
  say,
  dry: values.dry,
};
for (const part of chosen) {
  const section = await parts[part](options);
  console.log(`${section}\n`);
  if (!values.dry) writeSection(part, section, values.page && resolve(root, values.page));
}
