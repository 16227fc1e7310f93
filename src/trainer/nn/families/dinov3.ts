/** DINOv3's vision transformer (Siméoni et al., 2025, arXiv:2508.10104): registers and rotary position embedding. */
import type { Value } from '../../ir/value.js';
import { block, type BlockSpec } from '../block.js';
import type { ConfigFields, Fields } from '../configFields.js';
import type { Family } from '../family.js';
import { activations, keptRows, layerNorm, learnedTokens, mlp, patchTokens, token, type PixelNorm } from '../layers.js';
import { ownName, type Renames } from '../moduleNames.js';
import { patchesAlong } from '../patchesAlong.js';
import type { NetworkConfig } from '../networkConfig.js';
import { rotaryTables } from '../rotary.js';
import { bilinear, imagenet, toSquare } from '../usualPreprocessing.js';
import type { Scope } from '../scope.js';

interface Dinov3Config extends NetworkConfig {
  family: 'dinov3_vit';
  intermediateSize: number;
  activation: string;
  layerNormEpsilon: number;
  bias: { query: boolean; key: boolean; value: boolean; output: boolean; mlp: boolean };
  /** Whether the MLP has a gate. */
  isGated: boolean;
  registers: number;
  ropeTheta: number;
}

const names: BlockSpec['names'] = {
  norm1: 'norm1',
  query: 'attention.q_proj',
  key: 'attention.k_proj',
  value: 'attention.v_proj',
  output: 'attention.o_proj',
  norm2: 'norm2',
};

const transformers5: Renames = [['layer', 'model.layer']];

const architectures = ['DINOv3ViTModel'];

export const dinov3: Family<Dinov3Config> = {
  name: 'dinov3_vit',
  architectures,
  parse(fields: ConfigFields, architecture: string | undefined): Dinov3Config | undefined {
    if (
      fields.json.model_type !== 'dinov3_vit' ||
      (architecture !== undefined && !architectures.includes(architecture))
    )
      return undefined;
    const sizes = fields.sizes({ hiddenSize: 384, heads: 6 });
    if ((sizes.hiddenSize / sizes.heads) % 4)
      throw fields.invalid('num_attention_heads', String(sizes.hiddenSize / 64));
    const theta = fields.json.rope_theta ?? 100;
    if (typeof theta !== 'number' || !Number.isFinite(theta) || theta <= 0) throw fields.invalid('rope_theta', '100');
    return {
      family: 'dinov3_vit',
      ...sizes,
      intermediateSize: fields.count('intermediate_size', 1536, 65536),
      activation: fields.activation('hidden_act', 'gelu'),
      layerNormEpsilon: fields.share('layer_norm_eps', 1e-5),
      bias: {
        query: fields.flag('query_bias', true),
        key: fields.flag('key_bias', false),
        value: fields.flag('value_bias', true),
        output: fields.flag('proj_bias', true),
        mlp: fields.flag('mlp_bias', true),
      },
      isGated: fields.flag('use_gated_mlp', false),
      registers: fields.count('num_register_tokens', 0, 1024, 0),
      ropeTheta: theta,
      hiddenDropout: 0,
      attentionDropout: fields.share('attention_dropout', 0),
      labels: fields.labelsIfValid(),
      // transformers has no class with a head: this one loads the body and leaves the head of a checkpoint aside.
      architecture: 'DINOv3ViTModel',
      classifiers: ['classifier'],
      features: sizes.hiddenSize,
    };
  },
  checkpointJson: (json: Fields, { imageSize }: Dinov3Config): Fields => ({ ...json, image_size: imageSize }),
  weightNames: (_config: Dinov3Config, stored: string): readonly string[] => [
    ownName(stored.replace(/^dinov3_vit\./, ''), transformers5),
  ],
  interpolates: true,
  processor: 'DINOv3ViT',
  usualPreprocessor: ({ imageSize }: Dinov3Config): Fields => toSquare(imageSize, bilinear, imagenet),
  resizing: () => undefined,
  blocks: ({ layers }: Dinov3Config): readonly string[] => Array.from({ length: layers }, (_, i) => `layer.${i}`),
  roles: {
    norms: ['norm1', 'norm2', 'norm'],
    embeddings: ['cls_token', 'register_tokens'],
    scales: { 'layer_scale1.lambda1': 1, 'layer_scale2.lambda1': 1 },
  },
  transformers5,
  aliases: { query: 'q_proj', key: 'k_proj', value: 'v_proj' },
  isStem: (_config: Dinov3Config, weight: string): boolean => weight.startsWith('embeddings.'),
  body,
};

function body(s: Scope, config: Dinov3Config, images: Value, norm: PixelNorm): readonly Value[] {
  const { b } = s;
  const { hiddenSize: d, registers, bias } = config;
  const patches = patchTokens(s, 'embeddings.patch_embeddings', images, { ...config, norm, bias: true });
  const [batch] = patches.shape as [number];
  const special = [learnedTokens(s, 'embeddings.cls_token', batch, 1, d)];
  if (registers) special.push(learnedTokens(s, 'embeddings.register_tokens', batch, registers, d));
  let x = keptRows(s, b.concat(1, ...special, patches), 1 + registers);

  const [, height, width] = images.shape as [number, number, number];
  const spec: BlockSpec = {
    ...config,
    names,
    bias,
    layerScale: ['layer_scale1.lambda1', 'layer_scale2.lambda1'],
    rotary: rotaryTables(s, batch, {
      size: d / config.heads,
      special: 1 + registers,
      rows: patchesAlong(height, config.patchSize),
      columns: patchesAlong(width, config.patchSize),
      theta: config.ropeTheta,
      place: centred,
    }),
    mlp: (_, name, y) =>
      config.isGated
        ? gatedMlp(s, `${name}.mlp`, y, config)
        : mlp(s, `${name}.mlp.up_proj`, `${name}.mlp.down_proj`, y, { ...config, bias: bias.mlp }),
  };
  // Nothing reads the other tokens of the last block.
  for (let i = 0; i < config.layers; i++)
    x = block(s, spec, `layer.${i}`, x, batch, i === config.layers - 1 ? 1 : undefined);
  return [token(s, layerNorm(s, 'norm', x, config.layerNormEpsilon), batch, 0)];
}

function gatedMlp(s: Scope, name: string, x: Value, { intermediateSize, activation, bias }: Dinov3Config): Value {
  const gate = activations[activation]!(s, s.linear(`${name}.gate_proj`, x, intermediateSize, bias.mlp));
  return s.linear(
    `${name}.down_proj`,
    s.b.mul(gate, s.linear(`${name}.up_proj`, x, intermediateSize, bias.mlp)),
    x.shape[1]!,
    bias.mlp,
  );
}

/**
 * The coordinates of the patches' centres run from -1 to 1; the random shifts that DINOv3 was pretrained with are left
 * out.
 */
export const centred = (index: number, count: number): number => 2 * Math.PI * ((2 * (index + 0.5)) / count - 1);
