/**
 * What the image towers of CLIP and SigLIP share: where their config lies, what their weights are called, and their
 * blocks.
 */
import * as l10n from '@vscode/l10n';
import type { Value } from '../ir/value.js';
import { block, type BlockSpec } from './block.js';
import { oneClassifier } from './classicBlock.js';
import { ConfigFields, isObject, type Fields } from './configFields.js';
import type { Family } from './family.js';
import { mlp } from './layers.js';
import type { NetworkConfig } from './networkConfig.js';
import { positionResizing } from './positions.js';
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

/** The prefix of every weight of an image tower, and what it precedes. */
export const tower = 'vision_model';
const bareModules = ['embeddings', 'pre_layrnorm', 'encoder', 'post_layernorm', 'head'];
export const embeddings = `${tower}.embeddings`;
export const positions = `${embeddings}.position_embedding.weight`;

/** In what the towers differ: names, defaults, and what lies around the blocks. */
export interface ImageTowerKind {
  /** `model_type` of a checkpoint of both towers; that of the image tower alone is `…_vision_model`. */
  family: string;
  className: string;
  /** Classes besides those that both families have. */
  otherClasses?: readonly string[];
  patchSize: number;
  activation: string;
  layerNormEpsilon: number;
  /** Tokens before the patches that have a position. */
  specialTokens: number;
  /** Modules that come before the first block. */
  stem: readonly string[];
  unusedLayers?: readonly string[];
  usualPreprocessor: Family<ImageTowerConfig>['usualPreprocessor'];
  body: Family<ImageTowerConfig>['body'];
}

/** Where the config of both towers has that of the image tower: for CLIP, `vision_config_dict` of old files wins. */
const visionOf = (json: Fields, family: string): unknown =>
  (family === 'clip' ? json.vision_config_dict : undefined) ?? json.vision_config;

/** The family of image towers of one kind. */
export function imageTower(kind: ImageTowerKind): Family<ImageTowerConfig> {
  const { family, className, otherClasses = [] } = kind;
  const architectures = [
    `${className}ForImageClassification`,
    `${className}Model`,
    `${className}VisionModel`,
    ...otherClasses,
  ];
  return {
    name: family,
    architectures,
    parse(fields, architecture) {
      const { json } = fields;
      const isWhole = json.model_type === family;
      if (!isWhole && json.model_type !== `${family}_vision_model`) return undefined;
      if (architecture !== undefined && !architectures.includes(architecture)) return undefined;
      const nested = visionOf(json, family) ?? {};
      if (isWhole && !isObject(nested)) throw fields.invalid('vision_config', l10n.t('an object'));
      const vision = isWhole ? new ConfigFields(nested as Fields, fields.file) : fields;
      const sizes = vision.sizes({ patchSize: kind.patchSize });
      return {
        family,
        ...sizes,
        intermediateSize: vision.count('intermediate_size', 3072, 65536),
        activation: vision.activation('hidden_act', kind.activation),
        layerNormEpsilon: vision.share('layer_norm_eps', kind.layerNormEpsilon),
        hiddenDropout: 0,
        attentionDropout: vision.share('attention_dropout', 0),
        labels: fields.labelsIfValid(),
        ...oneClassifier(architectures[0]!, sizes.hiddenSize),
      };
    },
    /** transformers' class with a head reads the sizes from `vision_config`, whatever the model was before. */
    checkpointJson(json, { imageSize }) {
      const isWhole = json.model_type === family;
      const vision = isWhole ? (visionOf(json, family) as Fields | undefined) : json;
      const { vision_config_dict: _, ...rest } = isWhole ? json : {};
      return { ...rest, model_type: family, vision_config: { ...vision, image_size: imageSize } };
    },
    /** The text tower and what joins both are left out; a tower by itself may lack the prefix. */
    weightNames(_config, stored) {
      if (stored.startsWith(`${tower}.`) || stored.startsWith('classifier.')) return [stored];
      return bareModules.some((module) => stored.startsWith(`${module}.`)) ? [`${tower}.${stored}`] : [];
    },
    resizing: (config, name) => (name === positions ? positionResizing(config, kind.specialTokens, []) : undefined),
    blocks: towerBlocks,
    roles: {
      norms: ['layer_norm1', 'layer_norm2', 'pre_layrnorm', 'post_layernorm'],
      embeddings: ['class_embedding', 'position_embedding.weight'],
    },
    aliases: { query: 'q_proj', key: 'k_proj', value: 'v_proj' },
    ...(kind.unusedLayers ? { unusedLayers: kind.unusedLayers } : {}),
    isStem: (_config, name) => kind.stem.some((module) => name.startsWith(`${module}.`)),
    processor: className,
    usualPreprocessor: kind.usualPreprocessor,
    body: kind.body,
  };
}

const towerBlocks = ({ layers }: NetworkConfig): readonly string[] =>
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
