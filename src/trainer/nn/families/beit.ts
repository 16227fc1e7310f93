/**
 * BEiT (Bao et al., 2022, arXiv:2106.08254): relative position bias, layer scale, and the mean of the patches as
 * feature.
 */
import type { Value } from '../../ir/value.js';
import { block, type BlockSpec } from '../block.js';
import type { ConfigFields, Fields } from '../configFields.js';
import type { Family, Resizing } from '../family.js';
import { layerNorm, learnedTokens, meanToken, mlp, patchTokens, token, type PixelNorm } from '../layers.js';
import { classicName } from '../moduleNames.js';
import type { NetworkConfig } from '../networkConfig.js';
import { positionResizing } from '../positions.js';
import { relativePositionBias } from '../relativePositions.js';
import { resampled } from '../resampling.js';
import type { Scope } from '../scope.js';

interface BeitConfig extends NetworkConfig {
  family: 'beit';
  intermediateSize: number;
  activation: string;
  layerNormEpsilon: number;
  absolutePositions: boolean;
  /** A relative position bias in each block, or one for all. */
  relativePositions: { ofBlock: boolean; shared: boolean };
  layerScale: boolean;
  meanPooling: boolean;
}

const names: BlockSpec['names'] = {
  norm1: 'layernorm_before',
  query: 'attention.attention.query',
  key: 'attention.attention.key',
  value: 'attention.attention.value',
  output: 'attention.output.dense',
  norm2: 'layernorm_after',
};

const architectures = ['BeitForImageClassification', 'BeitModel'];
const positions = 'beit.embeddings.position_embeddings';
const table = 'relative_position_bias_table';
const sharedBias = 'beit.encoder.relative_position_bias';
const blockBias = 'attention.attention.relative_position_bias';

export const beit: Family<BeitConfig> = {
  name: 'beit',
  architectures,
  parse(fields: ConfigFields, architecture: string | undefined): BeitConfig | undefined {
    if (fields.json.model_type !== 'beit' || (architecture !== undefined && !architectures.includes(architecture)))
      return undefined;
    const sizes = fields.sizes();
    const scale = fields.json.layer_scale_init_value ?? 0.1;
    if (typeof scale !== 'number' || !Number.isFinite(scale)) throw fields.invalid('layer_scale_init_value', '0.1');
    return {
      family: 'beit',
      ...sizes,
      intermediateSize: fields.count('intermediate_size', 3072, 65536),
      activation: fields.activation('hidden_act', 'gelu'),
      layerNormEpsilon: fields.share('layer_norm_eps', 1e-12),
      absolutePositions: fields.flag('use_absolute_position_embeddings', false),
      relativePositions: {
        ofBlock: fields.flag('use_relative_position_bias', false),
        shared: fields.flag('use_shared_relative_position_bias', false),
      },
      layerScale: scale > 0,
      meanPooling: fields.flag('use_mean_pooling', true),
      hiddenDropout: fields.share('hidden_dropout_prob', 0),
      attentionDropout: fields.share('attention_probs_dropout_prob', 0),
      labels: fields.labels(),
      architecture: architectures[0]!,
      classifiers: ['classifier'],
      features: sizes.hiddenSize,
    };
  },
  checkpointJson: (json: Fields, { imageSize }: BeitConfig): Fields => ({ ...json, image_size: imageSize }),
  weightNames(_config: BeitConfig, stored: string): readonly string[] {
    if (stored.endsWith('.relative_position_index')) return [];
    const known = classicName(stored)
      .replace('shared_position_bias.', 'encoder.relative_position_bias.')
      .replace(/(?<=layer\.\d+\.)relative_position_bias\./, `${blockBias}.`);
    return [known.startsWith('beit.') || known.startsWith('classifier.') ? known : `beit.${known}`];
  },
  resizing(config: BeitConfig, name: string): Resizing | undefined {
    if (name === positions) return positionResizing(config, 1, [1]);
    return name.endsWith(`.${table}`) ? tableResizing(config) : undefined;
  },
  blocks: ({ layers }: BeitConfig): readonly string[] =>
    Array.from({ length: layers }, (_, i) => `beit.encoder.layer.${i}`),
  isStem: (_config: BeitConfig, name: string): boolean =>
    name.startsWith('beit.embeddings.') || name.startsWith(`${sharedBias}.`),
  body,
};

/** Distances between patches are resampled, the three that concern the class token stay. */
function tableResizing({ imageSize, patchSize, heads }: BeitConfig): Resizing {
  const distances = 2 * (imageSize / patchSize) - 1;
  return {
    shape: [distances ** 2 + 3, heads],
    to(data, size) {
      const to = 2 * (size / patchSize) - 1;
      const result = new Float32Array((to ** 2 + 3) * heads);
      result.set(resampled(data.subarray(0, distances ** 2 * heads), heads, distances, to, 'bilinear'));
      result.set(data.subarray(distances ** 2 * heads), to ** 2 * heads);
      return result;
    },
  };
}

function body(s: Scope, config: BeitConfig, images: Value, norm: PixelNorm): readonly Value[] {
  const { b } = s;
  const { hiddenSize: d, heads, patchSize, meanPooling, layerNormEpsilon } = config;
  const [, height, width] = images.shape as [number, number, number];
  const patches = patchTokens(s, 'beit.embeddings.patch_embeddings.projection', images, { ...config, norm });
  const [batch, count] = patches.shape as [number, number];
  const tokens = b.concat(1, learnedTokens(s, 'beit.embeddings.cls_token', batch, 1, d), patches);
  const placed = config.absolutePositions ? b.add(tokens, s.weight(positions, [1, 1 + count, d])) : tokens;
  let x = s.dropout(b.reshape(placed, [batch * (1 + count), d]), config.hiddenDropout);

  const { ofBlock, shared } = config.relativePositions;
  const bias = (name: string): Value =>
    relativePositionBias(s, `${name}.${table}`, height / patchSize, width / patchSize, heads);
  const common = shared ? bias(sharedBias) : undefined;
  for (let i = 0; i < config.layers; i++) {
    const name = `beit.encoder.layer.${i}`;
    const own = ofBlock ? bias(`${name}.${blockBias}`) : undefined;
    const spec: BlockSpec = {
      ...config,
      names,
      bias: { key: false },
      scoreBias: own && common ? b.add(own, common) : (own ?? common),
      layerScale: config.layerScale ? ['lambda_1', 'lambda_2'] : undefined,
      mlp: (_, of, y) => mlp(s, `${of}.intermediate.dense`, `${of}.output.dense`, y, config),
    };
    // Without the mean nothing reads the other tokens of the last block.
    x = block(s, spec, name, x, batch, i === config.layers - 1 && !meanPooling ? 1 : undefined);
  }
  if (meanPooling) return [layerNorm(s, 'beit.pooler.layernorm', meanToken(s, x, batch, 1), layerNormEpsilon)];
  return [token(s, layerNorm(s, 'beit.layernorm', x, layerNormEpsilon), batch, 0)];
}
