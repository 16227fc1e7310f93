/**
 * Checkpoints and images made of the stored PyTorch numbers, so that tests of what is done with a trained model need
 * no training.
 */
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { root } from '../../../scripts/ensure-installed.mjs';
import { readSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import type { Method } from '../../../src/trainer/config/methods.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { writeCheckpoint } from '../../../src/trainer/models/checkpoint.js';
import { singleTask } from '../../../src/trainer/core/tasks.js';

export const golden = join(root, 'test', 'golden');
const side = 32;

interface Numbers {
  labels: string[];
  logits: number[][];
  curves: Record<string, { finalLogits: number[][] }>;
}
export const numbersOf = (name: string): Numbers =>
  JSON.parse(readFileSync(join(golden, `${name}.json`), 'utf8')) as Numbers;

/** The stored images as PNG files, which already have the model's size; their paths in order. */
export async function writeImages(folder: string): Promise<string[]> {
  const all = readFileSync(join(golden, 'images.bin'));
  const size = side * side * 3;
  await mkdir(folder, { recursive: true });
  return Promise.all(
    Array.from({ length: all.length / size }, async (_, i) => {
      const path = join(folder, `${i}.png`);
      await sharp(all.subarray(i * size, (i + 1) * size), { raw: { width: side, height: side, channels: 3 } }).toFile(
        path,
      );
      return path;
    }),
  );
}

type Lora = Extract<Method, { type: 'lora' }>;

/**
 * A ViTune checkpoint with an adapter written by PEFT, by default the one trained in 20 steps, whose logits for the
 * images are `curves.lora.finalLogits`.
 */
export async function writeLoraCheckpoint(
  folder: string,
  o: { model?: string; imageSize?: number; adapter?: string; method?: Partial<Lora> } = {},
): Promise<string> {
  const base = await openBaseModel({
    model: o.model ?? join(golden, 'models', 'vit'),
    init: 'pretrained',
    seed: 0,
    imageSize: o.imageSize,
  });
  const { tensors } = await readSafetensors(
    join(golden, o.adapter ?? 'curves/vit-lora-final', 'adapter_model.safetensors'),
  );
  const values = new Map([...tensors].map(([name, { data }]) => [name.replace('base_model.model.', ''), data]));
  const parameters = [...tensors].map(([name, { shape }]) => ({ name: name.replace('base_model.model.', ''), shape }));
  const zeros = new Map([...values].map(([name, data]) => [name, new Float32Array(data.length)]));
  await mkdir(folder, { recursive: true });
  await writeCheckpoint(folder, {
    base,
    network: base.config,
    method: {
      type: 'lora',
      rank: 4,
      alpha: 8,
      dropout: 0,
      targetModules: ['query', 'value'],
      useRslora: false,
      useDora: false,
      ...o.method,
    },
    tasks: singleTask(numbersOf('vit').labels),
    parameters,
    frozen: [],
    state: { parameters: values, m: zeros, v: zeros },
    progress: { step: 20, evaluationsSinceBest: 0, dataset: '' },
  });
  return folder;
}

/** Makes a checkpoint one from before the hashes of weight files were stored, whose files tests may change. */
export async function removeHashes(checkpoint: string): Promise<void> {
  const file = join(checkpoint, 'vitune.json');
  const { sha256: _sha256, ...about } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify(about));
}

/** A copy of an adapter folder as PEFT wrote it, its base named by an absolute path; `edit` changes its config. */
export async function copyAdapter(
  from: string,
  to: string,
  edit: (config: Record<string, unknown>) => void = () => undefined,
): Promise<string> {
  await mkdir(to, { recursive: true });
  await writeFile(join(to, 'adapter_model.safetensors'), readFileSync(join(golden, from, 'adapter_model.safetensors')));
  const config = JSON.parse(readFileSync(join(golden, from, 'adapter_config.json'), 'utf8')) as Record<string, unknown>;
  config.base_model_name_or_path = join(golden, String(config.base_model_name_or_path));
  edit(config);
  await writeFile(join(to, 'adapter_config.json'), JSON.stringify(config));
  return to;
}

/** The greatest difference between logits. */
export const distance = (a: readonly number[][], b: readonly number[][]): number =>
  a.length === b.length
    ? Math.max(...a.flatMap((row, i) => row.map((value, k) => Math.abs(value - b[i]![k]!))))
    : Infinity;
