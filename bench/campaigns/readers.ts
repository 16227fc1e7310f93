/** Every reader of files from outside, the extension's included, each with whole files to damage. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { root } from '../../scripts/ensure-installed.mjs';
import {
  readCheckpoints,
  readLock,
  readRunInfo as readRunInfoInEditor,
} from '../../src/extension/trainer/runFolder.js';
import { JsonLines } from '../../src/extension/trainer/jsonLines.js';
import { comparisonSchema } from '../../src/shared/comparison.js';
import { readRecordLine } from '../../src/shared/eventRecord.js';
import { readJson } from '../../src/shared/schema.js';
import { advance, noProgress } from '../../src/shared/runProgress.js';
import { readSafetensors } from '../../src/trainer/checkpoint/safetensors.js';
import { loadConfig } from '../../src/trainer/config/load.js';
import { checkImage, evaluationPixels } from '../../src/trainer/data/decode.js';
import { scanDataset } from '../../src/trainer/data/scan.js';
import { squareTransform } from '../../src/trainer/data/transform.js';
import { readBaseReference, readProgress } from '../../src/trainer/models/checkpoint.js';
import { inspectOnnx } from '../../src/trainer/models/onnxModel.js';
import { inspectModel } from '../../src/trainer/models/inspectModel.js';
import { openModel } from '../../src/trainer/models/openModel.js';
import { acquireLock } from '../../src/trainer/runs/lock.js';
import { readEvents, readLastEvent } from '../../src/trainer/runs/eventLog.js';
import { readRunInfo, resolveCheckpoint } from '../../src/trainer/runs/runFolder.js';
import { builtProgram } from './program.js';

export interface Reader {
  name: string;
  /** How many of 100 inputs go to it. */
  share: number;
  kind: 'bytes' | 'json' | 'safetensors';
  /** Where a damaged file is put: the other files around it are whole. */
  file: string;
  /** The whole file, or several of them. */
  seeds: Buffer[];
  read: () => Promise<unknown>;
}

const tiny = join(root, 'test', 'golden', 'models', 'vit');

/** Runs the built `vitune`. */
const vitune = (...args: string[]): void => {
  const env = { ...process.env, VITUNE_THREADS: '1' };
  execFileSync(process.execPath, [builtProgram(), ...args], { stdio: 'ignore', env });
};

/** A picture of 24 x 20 pixels in each format that is decoded. */
async function imageSeeds(): Promise<Buffer[]> {
  const pixels = Buffer.from(Array.from({ length: 24 * 20 * 3 }, (_, i) => (i * 37) % 251));
  const image = sharp(pixels, { raw: { width: 24, height: 20, channels: 3 } });
  const formats = [
    image.clone().png(),
    image.clone().jpeg(),
    image.clone().webp(),
    image.clone().gif(),
    image.clone().tiff(),
  ];
  return Promise.all(formats.map((format) => format.toBuffer()));
}

/** Makes, below `folder`, a run, its exports and a dataset: the whole files. */
export async function makeWhole(folder: string): Promise<void> {
  const images = await imageSeeds();
  for (const label of ['cat', 'dog']) {
    mkdirSync(join(folder, 'photos', label), { recursive: true });
    for (let i = 0; i < 4; i++) writeFileSync(join(folder, 'photos', label, `${i}.png`), images[0]!);
  }
  const rows = ['cat', 'dog'].flatMap((label) => [0, 1, 2, 3].map((i) => `${label}/${i}.png,${label},"a;b",train`));
  writeFileSync(join(folder, 'photos', 'labels.csv'), `image,label,tags,split\n${rows.join('\n')}\n`);
  for (const [i, bytes] of images.entries()) writeFileSync(join(folder, `image-${i}`), bytes);
  const config = {
    model: tiny,
    dataset: 'photos',
    method: 'lora',
    epochs: 2,
    batchSize: 4,
    device: 'cpu',
    output: 'run',
  };
  writeFileSync(join(folder, 'run.vitune.json'), JSON.stringify(config, null, 2));
  vitune('train', join(folder, 'run.vitune.json'));
  for (const format of ['peft', 'transformers', 'onnx'])
    vitune('export', '--checkpoint', join(folder, 'run'), '--format', format, '--output', join(folder, format));
  const comparison = { type: 'comparison', dataset: '/photos', methods: ['head', 'lora'], rows: [] };
  writeFileSync(join(folder, 'compare.json'), JSON.stringify(comparison));
}

/** The readers, on a copy of the whole files at `folder`. */
export function readersOf(whole: string, folder: string): Reader[] {
  cpSync(whole, folder, { recursive: true });
  const at = (...parts: string[]): string => join(folder, ...parts);
  const step = readdirSync(at('run', 'checkpoints'))[0]!;
  const checkpoint = at('run', 'checkpoints', step);
  const seed = (file: string): Buffer[] => [readFileSync(file)];
  const reader = (name: string, share: number, kind: Reader['kind'], file: string, read: Reader['read']): Reader => ({
    name,
    share,
    kind,
    file,
    seeds: seed(file),
    read,
  });
  const onnx = readdirSync(at('onnx')).find((name) => name.endsWith('.onnx'))!;
  const lock = { host: 'elsewhere', pid: 999_999_999, socket: '/tmp/none', startedAt: 1 };
  writeFileSync(at('lock-seed'), JSON.stringify(lock));
  const images = [0, 1, 2, 3, 4].flatMap((i) => seed(at(`image-${i}`)));
  const scan = { validationSplit: 0.25, seed: 1 };
  return [
    reader('safetensors', 20, 'safetensors', at('peft', 'adapter_model.safetensors'), () =>
      readSafetensors(at('peft', 'adapter_model.safetensors')),
    ),
    reader('ONNX file', 3, 'bytes', at('onnx', onnx), () => inspectOnnx(at('onnx', onnx))),
    reader('config.json of a model', 6, 'json', at('transformers', 'config.json'), () =>
      inspectModel(at('transformers')),
    ),
    reader('preprocessor_config.json', 3, 'json', at('transformers', 'preprocessor_config.json'), () =>
      openModel(at('transformers')),
    ),
    reader('adapter_config.json', 3, 'json', at('peft', 'adapter_config.json'), () => openModel(at('peft'))),
    reader('label file', 6, 'bytes', at('photos', 'labels.csv'), () =>
      scanDataset({ folder: at('photos'), labels: 'labels.csv' }, scan),
    ),
    {
      ...reader('image', 12, 'bytes', at('image-0'), () => evaluationPixels(at('image-0'), squareTransform(16))),
      seeds: images,
    },
    {
      ...reader('image check', 3, 'bytes', at('image-0'), () => checkImage(at('image-0'))),
      seeds: images,
    },
    reader('training config', 8, 'json', at('run.vitune.json'), () => loadConfig(at('run.vitune.json'))),
    reader('run.json', 6, 'json', at('run', 'run.json'), () => readRunInfo(at('run'))),
    reader('run.json in the editor', 4, 'json', at('run', 'run.json'), () => readRunInfoInEditor(at('run'))),
    reader('events.jsonl', 6, 'json', at('run', 'events.jsonl'), async () => {
      await readLastEvent(at('run'));
      return readEvents(at('run'));
    }),
    reader('events.jsonl in the editor', 4, 'json', at('run', 'events.jsonl'), async () => {
      const records = readFileSync(at('run', 'events.jsonl'), 'utf8')
        .split('\n')
        .map((line) => readRecordLine(line));
      return records.reduce(
        (now, record) => ('event' in record && record.event ? advance(now, record.event) : now),
        noProgress,
      );
    }),
    reader('lines of a process', 3, 'json', at('run', 'events.jsonl'), async () =>
      new JsonLines().push(readFileSync(at('run', 'events.jsonl'))),
    ),
    {
      ...reader('lock.json', 2, 'json', at('lock-seed'), async () => (await acquireLock(at('run'), 'none'))()),
      file: at('run', 'lock.json'),
    },
    {
      ...reader('lock.json in the editor', 2, 'json', at('lock-seed'), () => readLock(at('run'))),
      file: at('run', 'lock.json'),
    },
    reader('state of a checkpoint', 3, 'json', join(checkpoint, 'state.json'), () => readProgress(checkpoint)),
    reader('checkpoints in the editor', 2, 'json', join(checkpoint, 'state.json'), () => readCheckpoints(at('run'))),
    reader('pointer', 1, 'bytes', at('run', 'last'), () => resolveCheckpoint(at('run'))),
    reader('base of a checkpoint', 1, 'json', join(checkpoint, 'vitune.json'), () => readBaseReference(checkpoint)),
    reader('compare.json', 2, 'json', at('compare.json'), async () =>
      readJson(comparisonSchema, readFileSync(at('compare.json'), 'utf8')),
    ),
  ];
}
