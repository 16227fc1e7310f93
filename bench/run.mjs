/**
 * The benchmark: measures ViTune's claims about speed and memory against Python on the same weights and images; the two
 * sides alternate. Each part writes its section of docs/benchmarks.md, or of the page named by --page.
 *
 * `npm run bench -- --help` lists the parts and options.
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
import { ensureInstalled, root } from '../scripts/ensure-installed.mjs';
import { readArguments, requireKnown } from './arguments.mjs';
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
const { values, positionals } = readArguments(
  'npm run bench --',
  {
    models: ['ti', 's'],
    rounds: 2,
    seeds: 3,
    seconds: 5,
    threads: availableParallelism(),
    'peer-epochs': NaN,
    'peer-precisions': ['fp32', 'bf16'],
    trainings: [],
    compile: false,
    dataset: join('..', 'shared', 'data', 'photos', 'trashnet'),
    sizes: ['1000', '10000', '100000', '1000000'],
    page: '',
    dry: false,
  },
  `[${Object.keys(parts).join('] [')}]`,
);
const chosen = positionals.length ? positionals : Object.keys(parts);
const { models, trainings } = values;
const peerPrecisions = values['peer-precisions'];
requireKnown(chosen, parts);
requireKnown([...models, ...trainings], names);
requireKnown(peerPrecisions, { fp32: true, bf16: true });
ensureInstalled();
const cli = buildCli();
const began = performance.now();
const say = (text) => console.error(`[${((performance.now() - began) / 1000).toFixed(0)} s] ${text}`);
const options = {
  cli,
  python: ensurePython(),
  models,
  trainings,
  rounds: values.rounds,
  seeds: Array.from({ length: values.seeds }, (_, i) => 42 + i),
  seconds: values.seconds,
  threads: values.threads,
  peerEpochs: values['peer-epochs'] || undefined,
  peerPrecisions,
  compile: values.compile,
  dataset: resolve(root, values.dataset),
  sizes: values.sizes.map(Number),
  say,
  dry: values.dry,
};
for (const part of chosen) {
  const section = await parts[part](options);
  console.log(`${section}\n`);
  if (!values.dry) writeSection(part, section, values.page && resolve(root, values.page));
}
