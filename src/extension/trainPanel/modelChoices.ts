/**
 * The models that the panel offers: the embedded one, earlier choices of the user, and the cached models of the hub.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import type { CachedModel, OnnxInspection } from '../../trainer/protocol.js';
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

/** What the trainer says of an ONNX file: its tensors, or what is wrong with it. */
export type KnownNetwork = OnnxInspection | { message: string };

/**
 * `recent` are folders, ONNX files and names of the hub, the newest first; `embedded` is the folder of the model that
 * comes with ViTune; `networks` are ONNX files by path.
 */
export async function modelChoices(
  embedded: string,
  recent: readonly string[],
  cached: readonly CachedModel[],
  networks: ReadonlyMap<string, KnownNetwork>,
): Promise<ModelChoice[]> {
  const folderOf = new Map(cached.map(({ id, folder }) => [id, folder]));
  const names = [...new Set([...recent, ...folderOf.keys()])];
  return Promise.all([
    folderChoice('embedded', t('Embedded (comes with ViTune)'), embedded),
    ...names.map((name) => {
      const shown = isAbsolute(name) ? basename(name) : name;
      // A file of the hub that is named, `owner/name:file.onnx`: where it lies the trainer knows.
      if (isOnnx(name) && !isAbsolute(name)) return { value: name, name, detail: ofOnnx(), onnx: { tensors: [] } };
      const path = isAbsolute(name) ? name : folderOf.get(name.replace(/@.*$/, ''));
      const network = path === undefined ? undefined : onnxFileOf(path);
      if (network !== undefined) return onnxChoice(name, shown, network, networks.get(network));
      return path === undefined
        ? { value: name, name: shown, detail: t('From the Hugging Face hub') }
        : folderChoice(name, shown, path);
    }),
  ]);
}

/** Where a model lies, or `embedded`; undefined for an ONNX file and for what is not on this machine. */
export function folderOf(model: string, cached: readonly CachedModel[]): string | undefined {
  if (model === 'embedded') return model;
  const path = isAbsolute(model) ? model : cached.find(({ id }) => id === model.replace(/@.*$/, ''))?.folder;
  return path === undefined || onnxFileOf(path) !== undefined ? undefined : path;
}

const isOnnx = (name: string): boolean => /\.onnx$/i.test(name);
const ofOnnx = (): string => t('An ONNX file: it stays frozen, for head and pretrained');

/**
 * The ONNX file that a path means: itself, or `model.onnx` of a folder without safetensors, perhaps in its folder
 * `onnx`.
 */
function onnxFileOf(path: string): string | undefined {
  if (isOnnx(path)) return path;
  if (['model.safetensors', 'model.safetensors.index.json'].some((weights) => existsSync(join(path, weights))))
    return undefined;
  return [join(path, 'model.onnx'), join(path, 'onnx', 'model.onnx')].find((file) => existsSync(file));
}

/** The ONNX files among models; names on the hub are passed over. */
export const onnxFilesOf = (models: readonly string[]): string[] =>
  models.flatMap((path) => (isAbsolute(path) ? (onnxFileOf(path) ?? []) : []));

function onnxChoice(value: string, name: string, file: string, known: KnownNetwork | undefined): ModelChoice {
  if (!existsSync(file)) return { value, name, detail: t('The file {0} is not there.', file), onnx: { tensors: [] } };
  if (known && 'message' in known) return { value, name, detail: known.message, onnx: { tensors: [] } };
  return { value, name, detail: ofOnnx(), onnx: { found: known?.found, tensors: known?.tensors ?? [] } };
}

async function folderChoice(value: string, name: string, folder: string): Promise<ModelChoice> {
  const file = join(folder, 'config.json');
  if (!existsSync(file))
    return { value, name, detail: value === 'embedded' ? undefined : t('No config.json in {0}', folder) };
  const pretrained = ['model.safetensors', 'model.safetensors.index.json'].some((weights) =>
    existsSync(join(folder, weights)),
  );
  let config: ModelConfig & { vision_config?: ModelConfig };
  try {
    config = JSON.parse(await readFile(file, 'utf8')) as typeof config;
  } catch {
    return { value, name, pretrained, detail: t('The config.json in {0} is not valid JSON.', folder) };
  }
  // A model of images and texts describes its image tower separately.
  const {
    model_type: type = config.model_type,
    num_hidden_layers: blocks,
    hidden_size: width,
    patch_size: patch,
    image_size: size,
  } = config.vision_config ?? config;
  const known = [blocks, width, patch, size].every((figure) => typeof figure === 'number');
  const detail = known
    ? t('{0}: {1} blocks of width {2}, patches of {3}, images of {4} px', type ?? '?', blocks!, width!, patch!, size!)
    : type;
  return { value, name, pretrained, detail, ...(typeof width === 'number' ? { width } : {}) };
}
