/**
 * What the image towers of CLIP and SigLIP share: where their config lies, what their weights are called, and their
 * blocks.
 */
import * as l10n from '@vscode/l10n';
import type { Value } from '../ir/value.js';
import { block, type BlockSpec } from './block.js';
import { ConfigFields, isObject, type Fields } from './configFields.js';
import { mlp } from './layers.js';
import type { NetworkConfig } from './networkConfig.js';
import type { Scope } from './scope.js';

export interface ImageTowerConfig extends NetworkConfig {
  intermediateSize: number;
  activation: string;
  layerNormEpsilon: number;
}

const names: BlockSpec['names'] = {
  norm1: 'layer_norm1',
  query: 'self_attn.q_proj',
  key: 'self_attn.k_proj',
  value: 'self_attn.v_proj',
  output: 'self_attn.out_proj',
  norm2: 'layer_norm2',
};

/** The prefix of every weight of an image tower. */
export const tower = 'vision_model';

/** Names and defaults in which the towers differ. */
export interface ImageTowerKind {
  /** `model_type` of a checkpoint of both towers; that of the image tower alone is `…_vision_model`. */
  family: string;
  className: string;
  patchSize: number;
  activation: string;
  layerNormEpsilon: number;
}

export const towerArchitectures = (className: string): string[] => [
  `${className}ForImageClassification`,
  `${className}Model`,
  `${className}VisionModel`,
  ...(className === 'CLIP' ? ['CLIPVisionModelWithProjection'] : []),
];

export function parseTower(
  fields: ConfigFields,
  architecture: string | undefined,
  kind: ImageTowerKind,
): ImageTowerConfig | undefined {
  const { json } = fields;
  const isWhole = json.model_type === kind.family;
  if (!isWhole && json.model_type !== `${kind.family}_vision_model`) return undefined;
  if (architecture !== undefined && !towerArchitectures(kind.className).includes(architecture)) return undefined;
  const nested = json.vision_config ?? {};
  if (isWhole && !isObject(nested)) throw fields.invalid('vision_config', l10n.t('an object'));
  const vision = isWhole ? new ConfigFields(nested as Fields, fields.file) : fields;
  const sizes = vision.sizes({ patchSize: kind.patchSize });
  return {
    family: kind.family,
    ...sizes,
    intermediateSize: vision.count('intermediate_size', 3072, 65536),
    activation: vision.activation('hidden_act', kind.activation),
    layerNormEpsilon: vision.share('layer_norm_eps', kind.layerNormEpsilon),
    hiddenDropout: 0,
    attentionDropout: vision.share('attention_dropout', 0),
    labels: fields.labels(),
    architecture: `${kind.className}ForImageClassification`,
    classifiers: ['classifier'],
    features: sizes.hiddenSize,
  };
}

/** transformers' class with a head reads the sizes from `vision_config`, whatever the model was before. */
export function towerJson(json: Fields, { family, imageSize }: ImageTowerConfig): Fields {
  const isWhole = json.model_type === family;
  const vision = isWhole ? (json.vision_config as Fields | undefined) : json;
  return { ...(isWhole ? json : {}), model_type: family, vision_config: { ...vision, image_size: imageSize } };
}

/** The text tower and what joins both are left out; a tower by itself may lack the prefix. */
export function towerNames(stored: string): readonly string[] {
  if (stored.startsWith(`${tower}.`) || stored.startsWith('classifier.')) return [stored];
  return /^(?:embeddings|pre_layrnorm|encoder|post_layernorm|head)\./.test(stored) ? [`${tower}.${stored}`] : [];
}

export const towerBlocks = ({ layers }: NetworkConfig): readonly string[] =>
  Array.from({ length: layers }, (_, i) => `${tower}.encoder.layers.${i}`);

/** All blocks on x [batch·tokens, width]. */
export function towerEncoder(s: Scope, config: ImageTowerConfig, x: Value, batch: number): Value {
  const spec: BlockSpec = {
    ...config,
    names,
    mlp: (_, name, y) => mlp(s, `${name}.mlp.fc1`, `${name}.mlp.fc2`, y, config),
  };
  return towerBlocks(config).reduce((y, name) => block(s, spec, name, y, batch), x);
}
