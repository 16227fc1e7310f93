/** DINOv2 (Oquab et al., 2023, arXiv:2304.07193), also with registers (Darcet et al., 2023, arXiv:2309.16588). */
import type { Value } from '../../ir/value.js';
import { block, type BlockSpec } from '../block.js';
import { attentionNames, classicBlocks, oneClassifier, renamedAttention } from '../classicBlock.js';
import type { ConfigFields, Fields } from '../configFields.js';
import type { Family } from '../family.js';
import {
  gatedMlp,
  keptRows,
  layerNorm,
  learnedTokens,
  meanToken,
  mlp,
  patchTokens,
  token,
  type PixelNorm,
} from '../layers.js';
import { ownName, type Renames } from '../moduleNames.js';
import type { NetworkConfig } from '../networkConfig.js';
import { positionResizing } from '../positions.js';
import { imagenet, toMiddle } from '../usualPreprocessing.js';
import type { Scope } from '../scope.js';

interface Dinov2Config extends NetworkConfig {
  /** Also the prefix of the body's weight names. */
  family: 'dinov2' | 'dinov2_with_registers';
  intermediateSize: number;
  activation: string;
  layerNormEpsilon: number;
  qkvBias: boolean;
  /** Whether the MLP is a SwiGLU. */
  isGated: boolean;
  registers: number;
}

const names: BlockSpec['names'] = {
  norm1: 'norm1',
  ...attentionNames,
  norm2: 'norm2',
};

/** A SwiGLU's inner layers, stored as one, are two modules of transformers 5. */
const transformers5: Renames = [
  ...renamedAttention,
  ['mlp.weights_in', ['mlp.gate_proj', 'mlp.up_proj']],
  ['mlp.weights_out', 'mlp.down_proj'],
];

function family(name: Dinov2Config['family'], className: string): Family<Dinov2Config> {
  const architectures = [`${className}ForImageClassification`, `${className}Model`];
  return {
    name,
    architectures,
    parse(fields: ConfigFields, architecture: string | undefined): Dinov2Config | undefined {
      if (fields.json.model_type !== name || (architecture !== undefined && !architectures.includes(architecture)))
        return undefined;
      const sizes = fields.sizes({ patchSize: name === 'dinov2' ? 14 : 16 });
      const isGated = fields.flag('use_swiglu_ffn', false);
      const wide = Math.trunc(sizes.hiddenSize * fields.count('mlp_ratio', 4, 64));
      return {
        family: name,
        ...sizes,
        // The width of a SwiGLU is two thirds of an MLP's, up to a multiple of 8.
        intermediateSize: isGated ? Math.ceil(Math.trunc((wide * 2) / 3) / 8) * 8 : wide,
        activation: fields.activation('hidden_act', 'gelu'),
        layerNormEpsilon: fields.share('layer_norm_eps', 1e-6),
        qkvBias: fields.flag('qkv_bias', true),
        isGated,
        registers: name === 'dinov2' ? 0 : fields.count('num_register_tokens', 4, 1024),
        hiddenDropout: fields.share('hidden_dropout_prob', 0),
        attentionDropout: fields.share('attention_probs_dropout_prob', 0),
        labels: fields.labelsIfValid(),
        ...oneClassifier(architectures[0]!, 2 * sizes.hiddenSize),
      };
    },
    checkpointJson: (json: Fields, { imageSize }: Dinov2Config): Fields => ({ ...json, image_size: imageSize }),
    weightNames(_config: Dinov2Config, stored: string): readonly string[] {
      const known = ownName(stored, transformers5);
      return [known.startsWith(`${name}.`) || known.startsWith('classifier.') ? known : `${name}.${known}`];
    },
    interpolates: true,
    processor: 'Bit',
    usualPreprocessor: ({ imageSize }: Dinov2Config): Fields => toMiddle(imageSize, imagenet),
    resizing(config: Dinov2Config, weight: string) {
      if (weight !== `${name}.embeddings.position_embeddings`) return undefined;
      return positionResizing(config, 1, [1], config.registers ? 'bicubic-antialias' : 'bicubic');
    },
    blocks: (config: Dinov2Config) => classicBlocks(name, config),
    roles: {
      norms: ['norm1', 'norm2', 'layernorm'],
      embeddings: ['cls_token', 'register_tokens', 'position_embeddings'],
      scales: { 'layer_scale1.lambda1': 1, 'layer_scale2.lambda1': 1 },
    },
    transformers5,
    isStem: (_config: Dinov2Config, weight: string): boolean => weight.startsWith(`${name}.embeddings.`),
    body,
  };
}

export const dinov2 = family('dinov2', 'Dinov2');
export const dinov2WithRegisters = family('dinov2_with_registers', 'Dinov2WithRegisters');

function body(s: Scope, config: Dinov2Config, images: Value, norm: PixelNorm): readonly Value[] {
  const { b } = s;
  const { family, hiddenSize: d, registers } = config;
  const embeddings = `${family}.embeddings`;
  const patches = patchTokens(s, `${embeddings}.patch_embeddings.projection`, images, { ...config, norm });
  const [batch, count] = patches.shape as [number, number];
  const placed = b.add(
    b.concat(1, learnedTokens(s, `${embeddings}.cls_token`, batch, 1, d), patches),
    s.weight(`${embeddings}.position_embeddings`, [1, 1 + count, d]),
  );
  // Registers have no position: they come between the class token and the patches once these have theirs.
  const tokens = registers
    ? b.concat(
        1,
        b.slice(placed, 1, 0, 1),
        learnedTokens(s, `${embeddings}.register_tokens`, batch, registers, d),
        b.slice(placed, 1, 1, 1 + count),
      )
    : placed;
  let x = s.dropout(keptRows(s, tokens, 1 + registers), config.hiddenDropout);

  const { qkvBias } = config;
  const spec: BlockSpec = {
    ...config,
    names,
    bias: { query: qkvBias, key: qkvBias, value: qkvBias },
    layerScale: ['layer_scale1.lambda1', 'layer_scale2.lambda1'],
    mlp: (_, name, y) =>
      config.isGated
        ? gatedMlp(s, `${name}.mlp.weights_in`, `${name}.mlp.weights_out`, y, { ...config, activation: 'silu' })
        : mlp(s, `${name}.mlp.fc1`, `${name}.mlp.fc2`, y, config),
  };
  for (const name of classicBlocks(family, config)) x = block(s, spec, name, x, batch);
  x = layerNorm(s, `${family}.layernorm`, x, config.layerNormEpsilon);
  return [b.concat(1, token(s, x, batch, 0), meanToken(s, x, batch, 1 + registers))];
}
