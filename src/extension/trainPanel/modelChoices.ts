/** The models that the panel offers: the embedded one, what the person chose before, and what lies in the cache of the hub. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import type { CachedModel } from '../../trainer/protocol.js';
import type { ModelChoice } from '../../webview/protocol.js';

const { t } = vscode.l10n;

/** What the line below a model says, from its `config.json`. */
interface ModelConfig {
  model_type?: string;
  hidden_size?: number;
  num_hidden_layers?: number;
  patch_size?: number;
  image_size?: number;
}

/** `recent` are folders and names of the hub, the newest first; `embedded` is the folder of the model that comes with ViTune. */
export async function modelChoices(embedded: string, recent: readonly string[], cached: readonly CachedModel[]): Promise<ModelChoice[]> {
  const folderOf = new Map(cached.map(({ id, folder }) => [id, folder]));
  const names = [...new Set([...recent, ...folderOf.keys()])];
  return Promise.all([
    choice('embedded', t('Embedded (comes with ViTune)'), embedded),
    ...names.map((name) => {
      if (isAbsolute(name)) return choice(name, basename(name), name);
      const folder = folderOf.get(name.replace(/@.*$/, ''));
      return folder === undefined ? { value: name, name, detail: t('From the Hugging Face hub') } : choice(name, name, folder);
    }),
  ]);
}

async function choice(value: string, name: string, folder: string): Promise<ModelChoice> {
  const isOnnx = /\.onnx$/i.test(folder) || (existsSync(join(folder, 'model.onnx')) && !existsSync(join(folder, 'model.safetensors')));
  if (isOnnx && existsSync(folder)) return { value, name, detail: t('An ONNX file: it stays frozen, for head and pretrained') };
  const file = join(folder, 'config.json');
  if (!existsSync(file)) return { value, name, detail: value === 'embedded' ? undefined : t('No config.json in {0}', folder) };
  const pretrained = ['model.safetensors', 'model.safetensors.index.json'].some((weights) => existsSync(join(folder, weights)));
  let config: ModelConfig & { vision_config?: ModelConfig };
  try {
    config = JSON.parse(await readFile(file, 'utf8')) as typeof config;
  } catch {
    return { value, name, pretrained, detail: t('The config.json in {0} is not valid JSON.', folder) };
  }
  // A model of pictures and texts tells of its image tower apart.
  const {
    model_type: type = config.model_type,
    num_hidden_layers: blocks,
    hidden_size: width,
    patch_size: patch,
    image_size: size,
  } = config.vision_config ?? config;
  const known = [blocks, width, patch, size].every((figure) => typeof figure === 'number');
  const detail = known ? t('{0}: {1} blocks of width {2}, patches of {3}, pictures of {4} px', type ?? '?', blocks!, width!, patch!, size!) : type;
  return { value, name, pretrained, detail };
}
