/** The vision transformer (Dosovitskiy et al., 2021, arXiv:2010.11929) and DeiT (Touvron et al., 2021, arXiv:2012.12877) as a graph. */
import type { Value } from '../ir/graph.js';
import { activations, attention, layerNorm, patches } from './layers.js';
import type { Scope } from './scope.js';
import type { VitConfig } from './vitConfig.js';

export interface PixelNorm {
  mean: readonly number[];
  deviation: readonly number[];
  /** What turns a byte into the range of `mean`, usually 1/255. */
  rescale: number;
}

/** The logits [batch, labels] of uint8 `images` [batch, height, width, 3]; `dropout` overrides the config's for hidden states. */
export function vit(s: Scope, config: VitConfig, images: Value, norm: PixelNorm, o: { labels: number; headDropout: number }): Value {
  const { b } = s;
  const [batch, height, width] = images.shape as [number, number, number];
  const { hiddenSize: d, specialTokens, patchSize, family } = config;
  const count = (height / patchSize) * (width / patchSize);
  const embeddings = `${family}.embeddings`;

  const kernel = b.reshape(s.weight(`${embeddings}.patch_embeddings.projection.weight`, [d, 3, patchSize, patchSize]), [d, 3 * patchSize * patchSize]);
  const bias = s.weight(`${embeddings}.patch_embeddings.projection.bias`, [d]);
  const embedded = b.matmul(patches(s, images, patchSize, norm), kernel, { transB: true, bias });
  const special = ['cls_token', 'distillation_token']
    .slice(0, specialTokens)
    .map((name) => b.expand(s.weight(`${embeddings}.${name}`, [1, 1, d]), [batch, 1, d]));
  const positions = s.weight(`${embeddings}.position_embeddings`, [1, count + specialTokens, d]);
  const placed = b.add(b.concat(1, ...special, b.reshape(embedded, [batch, count, d])), positions);
  let x = s.dropout(b.reshape(placed, [batch * (count + specialTokens), d]), config.hiddenDropout);

  for (let layer = 0; layer < config.layers; layer++) {
    // Nothing reads the other tokens of the last block, so their queries and MLP need not be computed.
    const read = layer === config.layers - 1 ? (config.head === 'distilled' ? 2 : 1) : undefined;
    x = block(s, config, `${family}.encoder.layer.${layer}`, x, batch, read);
  }
  x = layerNorm(s, `${family}.layernorm`, x, config.layerNormEpsilon);
  if (config.head === 'classifier') return s.linear('classifier', s.dropout(x, o.headDropout), o.labels);
  const token = (i: number): Value => b.reshape(b.slice(b.reshape(x, [batch, 2, d]), 1, i, i + 1), [batch, d]);
  const heads = [s.linear('cls_classifier', token(0), o.labels), s.linear('distillation_classifier', token(1), o.labels)] as const;
  return b.scale(b.add(...heads), 0.5);
}

/** One pre-norm block on x [batch·tokens, width]; only the first `read` tokens come out where it is given. */
function block(s: Scope, config: VitConfig, name: string, x: Value, batch: number, read?: number): Value {
  const { b } = s;
  const [rows, d] = x.shape as [number, number];
  const tokens = rows / batch;
  const first = (v: Value): Value => (read === undefined ? v : b.reshape(b.slice(b.reshape(v, [batch, tokens, d]), 1, 0, read), [batch * read, d]));
  const normal = layerNorm(s, `${name}.layernorm_before`, x, config.layerNormEpsilon);
  const project = (part: string, of: Value): Value => s.linear(`${name}.attention.attention.${part}`, of, d, config.qkvBias);
  const mixed = attention(s, project('query', first(normal)), project('key', normal), project('value', normal), {
    batch,
    heads: config.heads,
    dropout: config.attentionDropout,
  });
  const attended = b.add(s.dropout(s.linear(`${name}.attention.output.dense`, mixed, d), config.hiddenDropout), first(x));
  const inner = s.linear(`${name}.intermediate.dense`, layerNorm(s, `${name}.layernorm_after`, attended, config.layerNormEpsilon), config.intermediateSize);
  const outer = s.linear(`${name}.output.dense`, activations[config.activation]!(s, inner), d);
  return b.add(attended, s.dropout(outer, config.hiddenDropout));
}
