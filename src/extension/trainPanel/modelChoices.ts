/** The models that the panel offers: the embedded one and folders that the person added. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
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

export async function modelChoices(embedded: string, folders: readonly string[]): Promise<ModelChoice[]> {
  return Promise.all([choice('embedded', t('Embedded (comes with ViTune)'), embedded), ...folders.map((folder) => choice(folder, basename(folder), folder))]);
}

async function choice(value: string, name: string, folder: string): Promise<ModelChoice> {
  const file = join(folder, 'config.json');
  if (!existsSync(file)) return { value, name, detail: value === 'embedded' ? undefined : t('No config.json in {0}', folder) };
  const pretrained = existsSync(join(folder, 'model.safetensors'));
  let config: ModelConfig;
  try {
    config = JSON.parse(await readFile(file, 'utf8')) as ModelConfig;
  } catch {
    return { value, name, pretrained, detail: t('The config.json in {0} is not valid JSON.', folder) };
  }
  const { model_type: type = '?', num_hidden_layers: blocks = '?', hidden_size: width = '?', patch_size: patch = '?', image_size: size = '?' } = config;
  return { value, name, pretrained, detail: t('{0}: {1} blocks of width {2}, patches of {3}, pictures of {4} px', type, blocks, width, patch, size) };
}
