/** The parts of a Hugging Face `config.json` of the ViT and DeiT families that the graph needs. */
import * as l10n from '@vscode/l10n';
import { errors } from '../errors.js';
import { activations } from './layers.js';

export type HeadKind =
  /** `classifier` on the class token. */
  | 'classifier'
  /** Mean of `cls_classifier` and `distillation_classifier` (DeiT with a teacher). */
  | 'distilled';

export interface VitConfig {
  /** Prefix of the body's weight names. */
  family: 'vit' | 'deit';
  imageSize: number;
  patchSize: number;
  hiddenSize: number;
  layers: number;
  heads: number;
  intermediateSize: number;
  activation: string;
  layerNormEpsilon: number;
  qkvBias: boolean;
  hiddenDropout: number;
  attentionDropout: number;
  /** Tokens before the patches: the class token, and DeiT's distillation token. */
  specialTokens: 1 | 2;
  head: HeadKind;
  labels: string[];
}

/** Architectures of `config.json` that are understood. */
export const architectures = ['ViTForImageClassification', 'ViTModel', 'DeiTForImageClassification', 'DeiTForImageClassificationWithTeacher', 'DeiTModel'];

/** The name under which transformers loads such a network with a head. */
export function architectureOf({ family, head }: VitConfig): string {
  if (head === 'distilled') return 'DeiTForImageClassificationWithTeacher';
  return family === 'vit' ? 'ViTForImageClassification' : 'DeiTForImageClassification';
}

/** Reads what the graph needs; throws a `UserError` that names the field when one is missing, impossible or not understood. */
export function parseVitConfig(json: unknown, file: string): VitConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw errors.modelConfigInvalid(file, 'config.json', l10n.t('an object'));
  const fields = json as Record<string, unknown>;
  const family = fields.model_type;
  const [architecture] = Array.isArray(fields.architectures) ? (fields.architectures as unknown[]) : [];
  if ((family !== 'vit' && family !== 'deit') || (architecture !== undefined && !architectures.includes(String(architecture)))) {
    throw errors.architectureUnknown(file, String(architecture ?? family ?? '?'), architectures);
  }
  // Far above any model there is; a number beyond would only exhaust the memory.
  const count = (name: string, fallback: number, most: number): number => {
    const value = fields[name] ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most)
      throw errors.modelConfigInvalid(file, name, l10n.t('a whole number from 1 to {0}', most));
    return value;
  };
  const share = (name: string, fallback: number): number => {
    const value = fields[name] ?? fallback;
    if (typeof value !== 'number' || !(value >= 0 && value < 1)) throw errors.modelConfigInvalid(file, name, l10n.t('a number from 0 to below 1'));
    return value;
  };
  const config: VitConfig = {
    family,
    imageSize: count('image_size', 224, 8192),
    patchSize: count('patch_size', 16, 1024),
    hiddenSize: count('hidden_size', 768, 16384),
    layers: count('num_hidden_layers', 12, 512),
    heads: count('num_attention_heads', 12, 1024),
    intermediateSize: count('intermediate_size', 3072, 65536),
    activation: String(fields.hidden_act ?? 'gelu'),
    layerNormEpsilon: share('layer_norm_eps', 1e-12),
    qkvBias: fields.qkv_bias !== false,
    hiddenDropout: share('hidden_dropout_prob', 0),
    attentionDropout: share('attention_probs_dropout_prob', 0),
    specialTokens: family === 'deit' ? 2 : 1,
    head: architecture === 'DeiTForImageClassificationWithTeacher' ? 'distilled' : 'classifier',
    labels: labelsOf(fields, file),
  };
  if (!Object.hasOwn(activations, config.activation)) throw errors.modelConfigInvalid(file, 'hidden_act', Object.keys(activations).join(', '));
  if (count('num_channels', 3, 1024) !== 3) throw errors.modelConfigInvalid(file, 'num_channels', '3');
  if (config.hiddenSize % config.heads) throw errors.modelConfigInvalid(file, 'hidden_size', l10n.t('a multiple of num_attention_heads ({0})', config.heads));
  if (config.imageSize % config.patchSize) throw errors.modelConfigInvalid(file, 'image_size', l10n.t('a multiple of patch_size ({0})', config.patchSize));
  return config;
}

function labelsOf(fields: Record<string, unknown>, file: string): string[] {
  const { id2label } = fields;
  if (id2label === undefined) return [];
  const expected = l10n.t('an object from 0, 1, 2, … to names');
  if (typeof id2label !== 'object' || id2label === null) throw errors.modelConfigInvalid(file, 'id2label', expected);
  const table = id2label as Record<string, unknown>;
  return Object.keys(table).map((_, i) => {
    const label = table[String(i)];
    if (typeof label !== 'string') throw errors.modelConfigInvalid(file, 'id2label', expected);
    return label;
  });
}
