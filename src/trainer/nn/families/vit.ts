/**
 * The vision transformer (Dosovitskiy et al., 2021, arXiv:2010.11929) and DeiT (Touvron et al., 2021,
 * arXiv:2012.12877).
 */
import { distilled, twoClassifiers, type VitConfig } from './vitConfig.js';
import type { Value } from '../../ir/value.js';
import { block, type BlockSpec } from '../block.js';
import { classicBlocks, classicMlp, classicNames, oneClassifier, renamedBlocks } from '../classicBlock.js';
import type { ConfigFields, Fields } from '../configFields.js';
import type { Family } from '../family.js';
import { keptRows, layerNorm, learnedTokens, mlp, patchTokens, token, type PixelNorm } from '../layers.js';
import { ownName } from '../moduleNames.js';
import { positionResizing } from '../positions.js';
import type { Scope } from '../scope.js';
import { bilinear, halves, imagenet, toMiddle, toSquare } from '../usualPreprocessing.js';
import { parseTimm, timmClasses, timmNames, timmPreprocessor } from './plainTimm.js';

function family(name: 'vit' | 'deit', architectures: readonly string[]): Family<VitConfig> {
  const positions = `${name}.embeddings.position_embeddings`;
  const embeddings = [
    'cls_token',
    'distillation_token',
    'position_embeddings',
    'patch_embeddings.projection.weight',
    'patch_embeddings.projection.bias',
  ];
  const others = [
    ...embeddings.map((part) => `${name}.embeddings.${part}`),
    `${name}.layernorm.weight`,
    `${name}.layernorm.bias`,
  ];
  return {
    name,
    architectures,
    parse(fields: ConfigFields, architecture: string | undefined): VitConfig | undefined {
      if (typeof fields.json.architecture === 'string') return parseTimm(fields, name);
      const { model_type: type } = fields.json;
      // The encoder of a masked autoencoder (He et al., 2022, arXiv:2111.06377) is a ViT.
      if (type !== name && !(type === 'vit_mae' && name === 'vit')) return undefined;
      if (architecture !== undefined && !architectures.includes(architecture)) return undefined;
      const sizes = fields.sizes();
      const isDistilled = architecture === distilled;
      return {
        family: name,
        ...sizes,
        intermediateSize: fields.count('intermediate_size', 3072, 65536),
        activation: fields.activation('hidden_act', 'gelu'),
        layerNormEpsilon: fields.share('layer_norm_eps', 1e-12),
        qkvBias: fields.flag('qkv_bias', true),
        hiddenDropout: fields.share('hidden_dropout_prob', 0),
        attentionDropout: fields.share('attention_probs_dropout_prob', 0),
        specialTokens: name === 'deit' ? 2 : 1,
        head: isDistilled ? 'distilled' : 'classifier',
        labels: fields.labelsIfValid(),
        ...(isDistilled ? twoClassifiers(sizes.hiddenSize) : oneClassifier(architectures[0]!, sizes.hiddenSize)),
      };
    },
    checkpointJson: (json: Fields, config: VitConfig): Fields =>
      json.model_type === name ? { ...json, image_size: config.imageSize } : vitJson(config),
    weightNames(config: VitConfig, stored: string): readonly string[] {
      const timm = timmNames(config, stored);
      if (timm) return timm;
      const known = ownName(stored, renamedBlocks);
      if (config.classifiers.some((head) => known.startsWith(`${head}.`))) return [known];
      // A bare body (`ViTModel`) lacks the family's prefix.
      const body = known.startsWith(`${name}.`) ? known : `${name}.${known}`;
      return body.startsWith(`${name}.encoder.layer.`) || others.includes(body) ? [body] : [];
    },
    processor: name === 'deit' ? 'DeiT' : 'ViT',
    statedPreprocessor: timmPreprocessor,
    statedClasses: timmClasses,
    usualPreprocessor: ({ imageSize }: VitConfig, { model_type: type }: Fields): Fields =>
      name === 'deit'
        ? toMiddle(imageSize, imagenet)
        : toSquare(imageSize, bilinear, type === 'vit_mae' ? imagenet : halves),
    resizing: (config: VitConfig, weight: string) =>
      weight === positions ? positionResizing(config, config.specialTokens, [1]) : undefined,
    blocks: (config: VitConfig) => classicBlocks(name, config),
    roles: {
      norms: ['layernorm_before', 'layernorm_after', 'layernorm'],
      embeddings: ['cls_token', 'distillation_token', 'position_embeddings'],
    },
    transformers5: renamedBlocks,
    isStem: (_config: VitConfig, weight: string): boolean => weight.startsWith(`${name}.embeddings.`),
    body,
  };
}

/** config.json of a network that was read from elsewhere. */
const vitJson = (config: VitConfig): Fields => ({
  model_type: config.family,
  image_size: config.imageSize,
  patch_size: config.patchSize,
  num_channels: 3,
  hidden_size: config.hiddenSize,
  num_hidden_layers: config.layers,
  num_attention_heads: config.heads,
  intermediate_size: config.intermediateSize,
  hidden_act: config.activation,
  layer_norm_eps: config.layerNormEpsilon,
  qkv_bias: config.qkvBias,
  hidden_dropout_prob: config.hiddenDropout,
  attention_probs_dropout_prob: config.attentionDropout,
});

export const vit = family('vit', [
  'ViTForImageClassification',
  'ViTModel',
  'ViTMAEModel',
  'ViTMAEForPreTraining',
  'vit_*_patch* (timm)',
  'deit_*_patch* (timm)',
]);
export const deit = family('deit', ['DeiTForImageClassification', distilled, 'DeiTModel']);

function body(s: Scope, config: VitConfig, images: Value, norm: PixelNorm): readonly Value[] {
  const { b } = s;
  const { family, hiddenSize: d, specialTokens, layerNormEpsilon } = config;
  const embeddings = `${family}.embeddings`;
  const patches = patchTokens(s, `${embeddings}.patch_embeddings.projection`, images, { ...config, norm });
  const [batch, count] = patches.shape as [number, number];
  const special = ['cls_token', 'distillation_token']
    .slice(0, specialTokens)
    .map((name) => learnedTokens(s, `${embeddings}.${name}`, batch, 1, d));
  const tokens = count + specialTokens;
  const placed = b.add(b.concat(1, ...special, patches), s.weight(`${embeddings}.position_embeddings`, [1, tokens, d]));
  let x = s.dropout(keptRows(s, placed, specialTokens), config.hiddenDropout);

  const spec: BlockSpec = {
    ...config,
    names: classicNames,
    bias: { query: config.qkvBias, key: config.qkvBias, value: config.qkvBias },
    mlp: (_, name, y) => mlp(s, `${name}.${classicMlp[0]}`, `${name}.${classicMlp[1]}`, y, config),
  };
  // Nothing reads the other tokens of the last block, so their queries and MLP need not be computed.
  const read = config.classifiers.length;
  for (const [i, name] of classicBlocks(family, config).entries())
    x = block(s, spec, name, x, batch, i === config.layers - 1 ? read : undefined);
  x = layerNorm(s, `${family}.layernorm`, x, layerNormEpsilon);
  return config.classifiers.map((_, i) => token(s, x, batch, i));
}
