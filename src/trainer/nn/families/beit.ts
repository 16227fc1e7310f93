/**
 * BEiT (Bao et al., 2022, arXiv:2106.08254): relative position bias, layer scale, and the mean of the patches as
 * feature.
 */
import type { Value } from '../../ir/value.js';
import { block, type BlockSpec } from '../block.js';
import { classicBlocks, classicMlp, classicNames, oneClassifier, renamedBlocks } from '../classicBlock.js';
import type { ConfigFields, Fields } from '../configFields.js';
import type { Family, Resizing } from '../family.js';
import { layerNorm, learnedTokens, meanToken, mlp, patchTokens, token, type PixelNorm } from '../layers.js';
import { ownName, type Renames } from '../moduleNames.js';
import { patchesAlong } from '../patchesAlong.js';
import type { NetworkConfig } from '../networkConfig.js';
import { positionResizing } from '../positions.js';
import { relativePositionBias } from '../relativePositions.js';
import { resampled } from '../resampling.js';
import { bilinear, halves, toSquare } from '../usualPreprocessing.js';
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

const architectures = ['BeitForImageClassification', 'BeitModel'];
const positions = 'beit.embeddings.position_embeddings';
const table = 'relative_position_bias_table';
const sharedBias = 'beit.encoder.relative_position_bias';
const blockBias = 'attention.attention.relative_position_bias';
const transformers5: Renames = [
  ['encoder.relative_position_bias', 'shared_position_bias'],
  [blockBias, 'relative_position_bias'],
  ...renamedBlocks,
];

/** Our name of a weight. Only under transformers 5's names does a block's own bias lie outside its attention. */
const hubName = (stored: string): string =>
  ownName(
    stored,
    `.${stored}`.includes('.layers.') ? transformers5 : transformers5.filter(([own]) => own !== blockBias),
  );

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
      labels: fields.labelsIfValid(),
      ...oneClassifier(architectures[0]!, sizes.hiddenSize),
    };
  },
  checkpointJson: (json: Fields, { imageSize }: BeitConfig): Fields => ({ ...json, image_size: imageSize }),
  weightNames(_config: BeitConfig, stored: string): readonly string[] {
    if (stored.endsWith('.relative_position_index')) return [];
    const known = hubName(stored);
    return [known.startsWith('beit.') || known.startsWith('classifier.') ? known : `beit.${known}`];
  },
  processor: 'Beit',
  usualPreprocessor: ({ imageSize }: BeitConfig): Fields => toSquare(imageSize, bilinear, halves),
  resizing(config: BeitConfig, name: string): Resizing | undefined {
    if (name === positions) return positionResizing(config, 1, [1]);
    return name.endsWith(`.${table}`) ? tableResizing(config) : undefined;
  },
  blocks: (config: BeitConfig) => classicBlocks('beit', config),
  roles: {
    norms: ['layernorm_before', 'layernorm_after', 'layernorm'],
    embeddings: ['cls_token', 'position_embeddings'],
    scales: { lambda_1: 0.1, lambda_2: 0.1 },
    distanceBiases: [table],
  },
  transformers5,
  // Its blocks add one table of distances between all patches to every image.
  keepsAllTokens: true,
  isStem: (_config: BeitConfig, name: string): boolean =>
    name.startsWith('beit.embeddings.') || name.startsWith(`${sharedBias}.`),
  body,
};

/** Distances between patches are resampled, the three that concern the class token stay. */
function tableResizing({ imageSize, patchSize, heads }: BeitConfig): Resizing {
  const distances = 2 * patchesAlong(imageSize, patchSize) - 1;
  return {
    shape: [distances ** 2 + 3, heads],
    to(data, size) {
      const to = 2 * patchesAlong(size, patchSize) - 1;
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
    relativePositionBias(s, `${name}.${table}`, patchesAlong(height, patchSize), patchesAlong(width, patchSize), heads);
  const common = shared ? bias(sharedBias) : undefined;
  for (const [i, name] of classicBlocks('beit', config).entries()) {
    const own = ofBlock ? bias(`${name}.${blockBias}`) : undefined;
    const spec: BlockSpec = {
      ...config,
      names: classicNames,
      bias: { key: false },
      scoreBias: own && common ? b.add(own, common) : (own ?? common),
      layerScale: config.layerScale ? ['lambda_1', 'lambda_2'] : undefined,
      mlp: (_, of, y) => mlp(s, `${of}.${classicMlp[0]}`, `${of}.${classicMlp[1]}`, y, config),
    };
    // Without the mean nothing reads the other tokens of the last block.
    x = block(s, spec, name, x, batch, i === config.layers - 1 && !meanPooling ? 1 : undefined);
  }
  if (meanPooling) return [layerNorm(s, 'beit.pooler.layernorm', meanToken(s, x, batch, 1), layerNormEpsilon)];
  return [token(s, layerNorm(s, 'beit.layernorm', x, layerNormEpsilon), batch, 0)];
}
