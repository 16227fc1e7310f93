/**
 * Makes the model that comes with ViTune: trains it from random weights with the trainer's own `full` method, on an image
 * folder of Tiny ImageNet (64 x 64), and writes media/embedded. Run again, it goes on where it was interrupted.
 *
 *     npm run embedded -- DATASET [KEY=VALUE of the config]...
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors, writeSafetensors } from '../src/trainer/checkpoint/safetensors.js';
import type { RecordedEvent } from '../src/trainer/protocol.js';
import { resolveCheckpoint } from '../src/trainer/run/runFolder.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const embedded = join(root, 'media', 'embedded');
const work = join(root, 'build', 'embedded');
const run = join(work, 'run');

const recipe = {
  model: embedded,
  init: 'random',
  method: 'full',
  epochs: 10,
  batchSize: 128,
  optim: 'muon',
  learningRate: 0.002,
  weightDecay: 0.05,
  warmupRatio: 0.05,
  labelSmoothingFactor: 0,
  augmentation: { randomResizedCrop: { scale: [0.4, 1] }, horizontalFlip: 0.5 },
  evalBatchSize: 100,
  saveSteps: 250,
  loggingSteps: 25,
  device: 'cpu',
  output: run,
};

function train(dataset: string, overrides: string[]): void {
  mkdirSync(work, { recursive: true });
  const config = join(work, 'embedded.vitune.json');
  writeFileSync(config, `${JSON.stringify({ ...recipe, dataset: resolve(dataset) }, null, 2)}\n`);
  const cli = join(root, 'src', 'trainer', 'cli.ts');
  const resume = existsSync(join(run, 'run.json')) ? ['--resume'] : [];
  const sets = overrides.flatMap((each) => ['--set', each]);
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', cli, 'train', config, ...resume, ...sets], { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
}

function readEvents(): RecordedEvent[] {
  const file = join(run, 'events.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return lines.filter(Boolean).map((line) => JSON.parse(line) as RecordedEvent);
}

function card(): string {
  const events = readEvents();
  const last = <T extends RecordedEvent['type']>(type: T) => events.filter((event) => event.type === type).at(-1) as Extract<RecordedEvent, { type: T }>;
  const { images, trainableParameters, labels } = last('started');
  const { best } = last('finished');
  const settings = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')) as typeof recipe;
  const date = new Date(last('finished').time).toISOString().slice(0, 10);
  return `# The embedded model

A small vision transformer (64 x 64 pixels, patches of 8, ${(trainableParameters / 1e6).toFixed(2)} million parameters) that comes with ViTune, so that
fine-tuning works at once and offline. It is a first step for small tasks; where accuracy counts, start from a larger model.

| | |
| --- | --- |
| Data | Tiny ImageNet, ${images.train} training and ${images.validation} validation pictures in ${labels.length} classes |
| Terms | the pictures are ImageNet's, for non-commercial research; use the model accordingly |
| Recipe | random weights, ViTune's \`full\` method: ${settings.epochs} epochs, batch ${settings.batchSize}, Muon and AdamW, peak learning rate ${settings.learningRate}, weight decay ${settings.weightDecay}, cosine with ${100 * settings.warmupRatio} % warm-up, label smoothing ${settings.labelSmoothingFactor}, random resized crop ${settings.augmentation.randomResizedCrop.scale.join(' to ')} and flip |
| Accuracy | ${(100 * best.accuracy).toFixed(1)} % top-1 on the validation pictures (chance: ${(100 / labels.length).toFixed(1)} %) |
| Stored as | safetensors, 16-bit floats |
| Date | ${date} |
| Made by | \`npm run embedded -- DATASET\` (scripts/embedded.ts) |

Not for decisions about people. Its classes are everyday things and animals; it has seen no medical, aerial or technical pictures.
`;
}

/** Writes the run's best checkpoint as media/embedded: half-precision weights, config with labels, card. */
async function publish(): Promise<void> {
  const checkpoint = await resolveCheckpoint(run);
  const { tensors } = await readSafetensors(join(checkpoint, 'model.safetensors'));
  await writeSafetensors(join(embedded, 'model.safetensors'), tensors, { format: 'pt' }, 'F16');
  for (const name of ['config.json', 'preprocessor_config.json']) writeFileSync(join(embedded, name), readFileSync(join(checkpoint, name)));
  writeFileSync(join(embedded, 'README.md'), card());
}

const [dataset, ...overrides] = process.argv.slice(2);
if (!dataset) {
  console.error('usage: npm run embedded -- DATASET [KEY=VALUE]...');
  process.exit(2);
}
if (readEvents().at(-1)?.type !== 'finished') train(dataset, overrides);
await publish();
