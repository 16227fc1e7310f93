/**
 * Makes the model that comes with ViTune: trains it with the trainer's own `full` method on an image folder of Tiny
 * ImageNet (64 x 64), first narrow and from random weights, then with stronger augmentation, then at twice the width,
 * and writes media/embedded. Run again, it continues where it was interrupted.
 *
 *     npm run embedded -- DATASET [--stage N] [KEY=VALUE of the config]...
 *
 * --stage 2 begins with the second stage, on the model of the first stage in media/embedded.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readSafetensors, writeSafetensors } from '../src/trainer/checkpoint/safetensors.js';
import type { RecordedEvent } from '../src/trainer/protocol.js';
import { resolveCheckpoint } from '../src/trainer/runs/runFolder.js';
import { widened, widenedConfig } from './widen.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const embedded = join(root, 'media', 'embedded');
const work = join(root, 'build', 'embedded');
const runOf = (stage: number): string => join(work, `run-${stage}`);

const common = {
  method: 'full',
  batchSize: 128,
  optim: 'muon',
  weightDecay: 0.05,
  labelSmoothingFactor: 0,
  evalBatchSize: 100,
  saveSteps: 250,
  loggingSteps: 25,
  device: 'cpu',
};

/** The first stage's network; its weights are random. */
const narrow = { hidden_size: 128, intermediate_size: 512, num_attention_heads: 4 };

interface Stage {
  /** What it begins with: random weights, the model of the stage before, or that one at twice its width. */
  from: 'random' | 'before' | 'widened';
  settings: { epochs: number; learningRate: number; warmupRatio: number; augmentation: object };
  words: string;
}

const stages: Stage[] = [
  {
    from: 'random',
    settings: {
      epochs: 10,
      learningRate: 0.002,
      warmupRatio: 0.05,
      augmentation: { randomResizedCrop: { scale: [0.4, 1] }, horizontalFlip: 0.5 },
    },
    words: 'random weights of width 128, 10 epochs with random resized crop 0.4 to 1 and flip',
  },
  {
    from: 'before',
    settings: {
      epochs: 8,
      learningRate: 0.002,
      warmupRatio: 0.03,
      augmentation: {
        randomResizedCrop: { scale: [0.3, 1] },
        horizontalFlip: 0.5,
        randAugment: { operations: 1, magnitude: 7 },
        mixup: 0.2,
      },
    },
    words: 'then 8 epochs with crops of 0.3 to 1, flip, RandAugment (one operation of magnitude 7) and mixup 0.2',
  },
  {
    from: 'widened',
    settings: {
      epochs: 2,
      learningRate: 0.001,
      warmupRatio: 0.02,
      augmentation: { randomResizedCrop: { scale: [0.35, 1] }, horizontalFlip: 0.5, mixup: 0.2 },
    },
    words: 'then, at twice the width, 2 epochs with crops of 0.35 to 1, flip and mixup 0.2',
  },
];

/** The folder of the model that a stage begins with. */
async function startOf(stage: number): Promise<string> {
  const { from } = stages[stage - 1]!;
  if (from === 'before') return embedded;
  const folder = join(work, `start-${stage}`);
  mkdirSync(folder, { recursive: true });
  const config = JSON.parse(readFileSync(join(embedded, 'config.json'), 'utf8')) as typeof narrow;
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify(from === 'random' ? { ...config, ...narrow } : widenedConfig(config)),
  );
  copyFileSync(join(embedded, 'preprocessor_config.json'), join(folder, 'preprocessor_config.json'));
  if (from === 'widened') {
    const { tensors } = await readSafetensors(join(embedded, 'model.safetensors'));
    await writeSafetensors(join(folder, 'model.safetensors'), widened(tensors, 42), { format: 'pt' });
  }
  return folder;
}

async function train(stage: number, dataset: string, overrides: string[]): Promise<void> {
  mkdirSync(work, { recursive: true });
  const config = join(work, 'embedded.vitune.json');
  const run = runOf(stage);
  const { from, settings } = stages[stage - 1]!;
  const isBegun = existsSync(join(run, 'run.json'));
  const model = {
    model: isBegun ? join(work, `start-${stage}`) : await startOf(stage),
    init: from === 'random' ? 'random' : 'pretrained',
  };
  writeFileSync(
    config,
    `${JSON.stringify({ ...common, ...settings, ...model, dataset: resolve(dataset), output: run }, null, 2)}\n`,
  );
  const cli = join(root, 'src', 'trainer', 'cli.ts');
  const resume = isBegun ? ['--resume'] : [];
  const sets = overrides.flatMap((each) => ['--set', each]);
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', cli, 'train', config, ...resume, ...sets], {
    stdio: 'inherit',
    cwd: root,
  });
  if (status !== 0) process.exit(status ?? 1);
}

function readEvents(stage: number): RecordedEvent[] {
  const file = join(runOf(stage), 'events.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return lines.filter(Boolean).map((line) => JSON.parse(line) as RecordedEvent);
}

function card(stage: number): string {
  const events = readEvents(stage);
  const last = <T extends RecordedEvent['type']>(type: T) =>
    events.filter((event) => event.type === type).at(-1) as Extract<RecordedEvent, { type: T }>;
  const { images, trainableParameters, labels } = last('started');
  const { best } = last('finished');
  const { batchSize, weightDecay } = common;
  const { hidden_size: width } = JSON.parse(readFileSync(join(embedded, 'config.json'), 'utf8')) as typeof narrow;
  const done = stages.slice(0, stage);
  const words = done.map((each) => each.words);
  const rates = [...new Set(done.map(({ settings }) => settings.learningRate))];
  const date = new Date(last('finished').time).toISOString().slice(0, 10);
  return `# The embedded model

A small vision transformer (64 x 64 pixels, patches of 8, width ${width}, ${(trainableParameters / 1e6).toFixed(2)} million parameters) that comes with ViTune, so that
fine-tuning works at once and offline. It is a first step for small tasks; where accuracy counts, start from a larger model.

| | |
| --- | --- |
| Data | Tiny ImageNet, ${images.train} training and ${images.validation} validation images in ${labels.length} classes |
| Terms | the images are ImageNet's, for non-commercial research; use the model accordingly |
| Recipe | ViTune's \`full\` method: ${words.join('; ')}; each with batch ${batchSize}, Muon and AdamW, peak learning rate ${rates.join(' and ')}, weight decay ${weightDecay}, cosine with warm-up |
| Accuracy | ${(100 * best.accuracy).toFixed(1)} % top-1 on the validation images (chance: ${(100 / labels.length).toFixed(1)} %) |
| Stored as | safetensors, 16-bit floats |
| Date | ${date} |
| Made by | \`npm run embedded -- DATASET\` (scripts/embedded.ts) |

Not for decisions about people. Its classes are everyday things and animals; it has seen no medical, aerial or technical images.
`;
}

/** Writes the stage's best checkpoint as media/embedded: half-precision weights, config with labels, card. */
async function publish(stage: number): Promise<void> {
  const checkpoint = await resolveCheckpoint(runOf(stage));
  const { tensors } = await readSafetensors(join(checkpoint, 'model.safetensors'));
  await writeSafetensors(join(embedded, 'model.safetensors'), tensors, { format: 'pt' }, 'F16');
  for (const name of ['config.json', 'preprocessor_config.json'])
    writeFileSync(join(embedded, name), readFileSync(join(checkpoint, name)));
  writeFileSync(join(embedded, 'README.md'), card(stage));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { stage: { type: 'string', default: '1' } },
});
const [dataset, ...overrides] = positionals;
const first = Number(values.stage);
if (!dataset || !stages[first - 1]) {
  console.error('usage: npm run embedded -- DATASET [--stage N] [KEY=VALUE]...');
  process.exit(2);
}
for (let stage = first; stage <= stages.length; stage++) {
  if (readEvents(stage).at(-1)?.type !== 'finished') await train(stage, dataset, overrides);
  await publish(stage);
}
