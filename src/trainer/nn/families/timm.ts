/**
 * timm's vision transformers beyond the plain ones: DINOv2 and DINOv3, DeiT III, CLIP, SigLIP, EVA and EVA-02, with
 * registers, rotary positions, gated MLPs and attention pooling; the classes VisionTransformer and Eva of timm.
 */
import type { Value } from '../../ir/value.js';
import { block, type BlockSpec } from '../block.js';
import { isObject, type ConfigFields, type Fields } from '../configFields.js';
import type { Family } from '../family.js';
import {
  activations,
  attention,
  gatedMlp,
  keptRows,
  layerNorm,
  learnedTokens,
  meanToken,
  mlp,
  patchTokens,
  token,
  tokensFrom,
  type PixelNorm,
} from '../layers.js';
import { patchesAlong } from '../patchesAlong.js';
import { positionResizing } from '../positions.js';
import { rotaryTables } from '../rotary.js';
import type { Scope } from '../scope.js';
import { imagenet, toMiddle } from '../usualPreprocessing.js';
import { centred } from './dinov3.js';
import { renewed, timmClasses, timmPreprocessor } from './plainTimm.js';
import { parseTimmConfig, type TimmConfig } from './timmConfig.js';

const names: BlockSpec['names'] = {
  norm1: 'norm1',
  query: 'attn.q_proj',
  key: 'attn.k_proj',
  value: 'attn.v_proj',
  output: 'attn.proj',
  norm2: 'norm2',
};
const queryKeyValue = ['q_proj', 'k_proj', 'v_proj'] as const;

const blocks = ({ layers }: TimmConfig): readonly string[] => Array.from({ length: layers }, (_, i) => `blocks.${i}`);

/** What timm's classes have; a mask token or the frequencies of angles, which some files hold, they leave aside. */
const ofClass =
  /^(cls_token|reg_token|pos_embed|(patch_embed\.proj|norm_pre|norm|fc_norm|head|attn_pool|blocks\.\d+)\..+)$/;

/** Tokens before the patches. */
const prefixOf = ({ classToken, registers }: TimmConfig): number => Number(classToken) + registers;

export const timm: Family<TimmConfig> = {
  name: 'timm',
  architectures: ['vit_* (timm)', 'deit3_* (timm)', 'eva_* (timm)', 'eva02_* (timm)'],
  parse: (fields: ConfigFields): TimmConfig | undefined => parseTimmConfig(fields),
  checkpointJson(given: Fields, { imageSize, pool }: TimmConfig, labels): Fields {
    const {
      label_names: _,
      label_descriptions: _1,
      model_args: args,
      pretrained_cfg: pretrained,
      ...json
    } = renewed(given);
    // transformers gives the number of classes itself, and takes it here for a second one.
    const { num_classes: _2, ...kept } = (args ?? {}) as Fields;
    const classes = { num_classes: labels.length, label_names: labels };
    return {
      ...json,
      model_type: 'timm_wrapper',
      ...classes,
      global_pool: pool,
      model_args: { ...kept, img_size: [imageSize, imageSize], global_pool: pool },
      ...(isObject(pretrained)
        ? { pretrained_cfg: { ...pretrained, ...classes, input_size: [3, imageSize, imageSize] } }
        : {}),
    };
  },
  weightNames(_config: TimmConfig, stored: string): readonly string[] {
    const name = stored.replace(/^timm_model\./, '');
    const [, attn, part] = /^(blocks\.\d+\.attn)\.(.+)$/.exec(name) ?? [];
    const [, kind] = /^qkv\.(weight|bias)$/.exec(part ?? '') ?? [];
    if (kind) return queryKeyValue.map((layer) => `${attn}.${layer}.${kind}`);
    if (part === 'q_bias' || part === 'v_bias') return [`${attn}.${part[0]}_proj.bias`];
    const [, ofPool] = /^attn_pool\.kv\.(weight|bias)$/.exec(name) ?? [];
    if (ofPool) return [`attn_pool.k.${ofPool}`, `attn_pool.v.${ofPool}`];
    return ofClass.test(name) ? [name] : [];
  },
  storedParts({ isFused, qkvBias }: TimmConfig, name: string) {
    const [, pool, ofPool] = /^(attn_pool)\.[kv]\.(weight|bias)$/.exec(name) ?? [];
    if (pool)
      return { stored: `attn_pool.kv.${ofPool}`, parts: ['k', 'v'].map((each) => `attn_pool.${each}.${ofPool}`) };
    const [, attn, layer, kind] = /^(blocks\.\d+\.attn)\.([qkv])_proj\.(weight|bias)$/.exec(name) ?? [];
    if (!attn || !isFused) return undefined;
    // Eva's fused layer has its biases apart, and none of the key.
    if (kind === 'bias' && !qkvBias.key) return { stored: `${attn}.${layer}_bias`, parts: [name] };
    return { stored: `${attn}.qkv.${kind}`, parts: queryKeyValue.map((each) => `${attn}.${each}.${kind}`) };
  },
  notForPeft: true,
  interpolates: true,
  processor: 'ViT',
  statedPreprocessor: timmPreprocessor,
  statedClasses: timmClasses,
  usualPreprocessor: ({ imageSize }: TimmConfig): Fields => toMiddle(imageSize, imagenet),
  resizing: (config: TimmConfig, weight: string) =>
    weight === 'pos_embed'
      ? positionResizing(config, config.positions === 'all' ? prefixOf(config) : 0, [1], 'bicubic-antialias')
      : undefined,
  blocks,
  roles: {
    norms: ['norm1', 'norm2', 'norm', 'norm_pre', 'fc_norm'],
    embeddings: ['cls_token', 'reg_token', 'pos_embed', 'latent'],
    scales: { 'ls1.gamma': 1, 'ls2.gamma': 1, gamma_1: 1, gamma_2: 1 },
  },
  aliases: { query: 'q_proj', key: 'k_proj', value: 'v_proj' },
  isStem: (_config: TimmConfig, weight: string): boolean =>
    /^(cls_token|reg_token|pos_embed|patch_embed\.|norm_pre\.)/.test(weight),
  body,
};

function body(s: Scope, config: TimmConfig, images: Value, norm: PixelNorm): readonly Value[] {
  const { layerNormEpsilon: epsilon, pool } = config;
  const patches = patchTokens(s, 'patch_embed.proj', images, { ...config, norm, bias: !config.preNorm });
  const [batch] = patches.shape as [number];
  const prefix = prefixOf(config);
  const placed = withPositions(s, config, patches);
  let x = keptRows(s, placed, prefix);
  if (config.preNorm) x = layerNorm(s, 'norm_pre', x, epsilon);

  const { rope, qkvBias, kind } = config;
  const [, height, width] = images.shape as [number, number, number];
  const spec: BlockSpec = {
    ...config,
    names,
    bias: qkvBias,
    ...(config.normsAttention ? { attentionNorm: 'attn.norm' } : {}),
    ...(config.scalesBranches
      ? { layerScale: kind === 'Eva' ? ['gamma_1', 'gamma_2'] : ['ls1.gamma', 'ls2.gamma'] }
      : {}),
    ...(rope ? { rotary: rotaryOf(s, batch, config, rope, height, width) } : {}),
    mlp: (_, name, y) => blockMlp(s, config, `${name}.mlp`, y),
  };
  // Of the last block, a head on the class token reads no other one.
  const read = pool === 'token' ? 1 : undefined;
  for (const [i, name] of blocks(config).entries())
    x = block(s, spec, name, x, batch, i === config.layers - 1 ? read : undefined);
  if (config.postNorm) x = layerNorm(s, 'norm', x, epsilon);
  const from = config.poolsAll ? 0 : prefix;
  const pooled =
    pool === 'token'
      ? token(s, x, batch, 0)
      : pool === 'avg'
        ? meanToken(s, x, batch, from)
        : attentionPool(s, config, tokensFrom(s, x, batch, from), batch);
  return [config.poolNorm ? layerNorm(s, 'fc_norm', pooled, epsilon) : pooled];
}

/** patches [batch, count, width] -> [batch, prefix + count, width]: class token, registers, patches, with positions. */
function withPositions(s: Scope, config: TimmConfig, patches: Value): Value {
  const { b } = s;
  const { hiddenSize: d, classToken, registers, positions } = config;
  const [batch, count] = patches.shape as [number, number];
  const special = [
    ...(classToken ? [learnedTokens(s, 'cls_token', batch, 1, d)] : []),
    ...(registers ? [learnedTokens(s, 'reg_token', batch, registers, d)] : []),
  ];
  const placed = (x: Value, tokens: number): Value => b.add(x, s.weight('pos_embed', [1, tokens, d]));
  const own = positions === 'patches' ? placed(patches, count) : patches;
  const all = special.length ? b.concat(1, ...special, own) : own;
  return positions === 'all' ? placed(all, prefixOf(config) + count) : all;
}

function rotaryOf(
  s: Scope,
  batch: number,
  config: TimmConfig,
  { kind, theta, half, offset, columnFirst, reference }: NonNullable<TimmConfig['rope']>,
  height: number,
  width: number,
) {
  return rotaryTables(s, batch, {
    size: config.hiddenSize / config.heads,
    special: prefixOf(config),
    rows: patchesAlong(height, config.patchSize),
    columns: patchesAlong(width, config.patchSize),
    theta,
    place:
      kind === 'dinov3'
        ? (index, count) => centred(index + offset, count)
        : // EVA-02 lets every grid span that of its pretraining.
          (index, count) => (index + offset) * (reference === undefined ? 1 : reference / count),
    columnFirst,
    interleaved: !half,
  });
}

/** A block's MLP on x [rows, width]. */
function blockMlp(s: Scope, config: TimmConfig, name: string, x: Value): Value {
  const { mlpKind: kind, normsMlp, intermediateSize: wide, activation, layerNormEpsilon } = config;
  const [first, last] = [`${name}.fc1`, `${name}.fc2`];
  if (kind === 'packed') return gatedMlp(s, first, last, x, config);
  if (kind === 'plain' && !normsMlp) return mlp(s, first, last, x, config);
  const active = (layer: string): Value => activations[activation]!(s, s.linear(layer, x, wide));
  const inner = kind === 'gated' ? s.b.mul(active(`${first}_g`), s.linear(`${first}_x`, x, wide)) : active(first);
  return s.linear(last, normsMlp ? layerNorm(s, `${name}.norm`, inner, layerNormEpsilon) : inner, x.shape[1]!);
}

/**
 * Attention pooling (Zhai et al., 2022, arXiv:2106.04560): a learned query over x [batch·tokens, width], and an MLP
 * beside it -> [batch, width].
 */
function attentionPool(s: Scope, config: TimmConfig, x: Value, batch: number): Value {
  const { b } = s;
  const { hiddenSize: d, kind, activation, layerNormEpsilon } = config;
  const latent = b.reshape(learnedTokens(s, 'attn_pool.latent', batch, 1, d), [batch, d]);
  const mixed = attention(
    s,
    s.linear('attn_pool.q', latent, d),
    s.linear('attn_pool.k', x, d),
    s.linear('attn_pool.v', x, d),
    { batch, heads: config.poolHeads, dropout: 0 },
  );
  const pooled = s.linear('attn_pool.proj', mixed, d);
  const normal = layerNorm(s, 'attn_pool.norm', pooled, layerNormEpsilon);
  const o = { intermediateSize: config.poolIntermediateSize, activation: kind === 'Eva' ? 'gelu' : activation };
  return b.add(pooled, mlp(s, 'attn_pool.mlp.fc1', 'attn_pool.mlp.fc2', normal, o));
}
