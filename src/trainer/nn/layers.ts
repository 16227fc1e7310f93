/** Layers that model families share. */
import type { Value } from '../ir/value.js';
import { patchesAlong } from './patchesAlong.js';
import type { Scope } from './scope.js';

/** Layer normalisation over the last axis by `name.weight` and `name.bias`. */
export function layerNorm({ b, weight }: Scope, name: string, x: Value, epsilon: number): Value {
  const width = x.shape.at(-1)!;
  return b.layerNorm(x, weight(`${name}.weight`, [width]), weight(`${name}.bias`, [width]), epsilon)[0]!;
}

const silu = ({ b }: Scope, x: Value): Value => b.mul(x, b.sigmoid(x));
const gelu = ({ b }: Scope, x: Value): Value => b.gelu(x);
const relu = ({ b }: Scope, x: Value): Value => b.relu(x);
const clamped = ({ b }: Scope, x: Value, low: number, high: number): Value =>
  b.minimum(b.maximum(x, b.scalar(low)), b.scalar(high));

/** The activation functions of Hugging Face's `hidden_act` that we know: those of its `ACT2FN` without weights. */
export const activations: Record<string, (s: Scope, x: Value) => Value> = {
  gelu,
  gelu_python: gelu,
  gelu_new: geluTanh,
  gelu_fast: geluTanh,
  gelu_accurate: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  gelu_python_tanh: geluTanh,
  gelu_10: (s, x) => clamped(s, gelu(s, x), -10, 10),
  /** x · σ(1.702 x), the quick approximation of the same paper. */
  quick_gelu: ({ b }, x) => b.mul(x, b.sigmoid(b.scale(x, 1.702))),
  relu,
  relu2: (s, x) => s.b.mul(relu(s, x), relu(s, x)),
  relu6: (s, x) => clamped(s, x, 0, 6),
  leaky_relu: ({ b }, x) => b.maximum(x, b.scale(x, 0.01)),
  silu,
  swish: silu,
  sigmoid: ({ b }, x) => b.sigmoid(x),
  tanh: ({ b }, x) => b.tanh(x),
  linear: (_, x) => x,
  mish,
};

/**
 * x · tanh(ln(1 + eˣ)) (Misra, 2019, arXiv:1908.08681) as x · (1 − t²) / (1 + t²) with t = 1 / (1 + eˣ), which does not
 * overflow.
 */
function mish({ b }: Scope, x: Value): Value {
  const t = b.sigmoid(b.neg(x));
  const square = b.mul(t, t);
  return b.mul(x, b.div(b.sub(b.scalar(1), square), b.add(b.scalar(1), square)));
}

/** x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))) (Hendrycks and Gimpel, 2016, arXiv:1606.08415, section 2). */
function geluTanh({ b }: Scope, x: Value): Value {
  const cubic = b.add(x, b.scale(b.mul(x, b.mul(x, x)), 0.044715));
  return b.mul(b.scale(x, 0.5), b.add(b.scalar(1), b.tanh(b.scale(cubic, Math.sqrt(2 / Math.PI)))));
}

/** Two linear layers with an activation between them: x [rows, width] -> [rows, width]. */
export function mlp(
  s: Scope,
  inner: string,
  outer: string,
  x: Value,
  o: { intermediateSize: number; activation: string; bias?: boolean },
): Value {
  const width = x.shape[1]!;
  return s.linear(outer, activations[o.activation]!(s, s.linear(inner, x, o.intermediateSize, o.bias)), width, o.bias);
}

/**
 * f(x W₁) · (x W₂) through one more linear layer, f `activation` (Shazeer, 2020, arXiv:2002.05202); both inner layers
 * are stored as one, `inner`. x [rows, width] -> [rows, width].
 */
export function gatedMlp(
  s: Scope,
  inner: string,
  outer: string,
  x: Value,
  { intermediateSize: width, activation }: { intermediateSize: number; activation: string },
): Value {
  const { b } = s;
  const both = s.linear(inner, x, 2 * width);
  const gated = b.mul(activations[activation]!(s, b.slice(both, 1, 0, width)), b.slice(both, 1, width, 2 * width));
  return s.linear(outer, gated, x.shape[1]!);
}

export interface AttentionOptions {
  batch: number;
  heads: number;
  dropout: number;
  /**
   * Rotary position embedding: the cosine and sine [tokens, width / heads] by which queries and keys are turned, the
   * two halves of a head together or, `interleaved`, neighbours; [batch, 1, tokens, width / heads] where images differ.
   */
  rotary?: { cos: Value; sin: Value; interleaved?: boolean };
  /** Added to the scores before the softmax, [heads, tokens, tokens]. */
  scoreBias?: Value;
}

/**
 * Multi-head attention (Vaswani et al., 2017, arXiv:1706.03762) of q [batch·queries, width] over k and v [batch·tokens,
 * width]; the queries are those of the first tokens. Returns [batch·queries, width].
 */
export function attention(s: Scope, q: Value, k: Value, v: Value, o: AttentionOptions): Value {
  const { b } = s;
  const width = q.shape[1]!;
  const size = width / o.heads;
  const split = (x: Value): Value =>
    b.transpose(b.reshape(x, [o.batch, x.shape[0]! / o.batch, o.heads, size]), [0, 2, 1, 3]);
  const placed = (x: Value): Value => (o.rotary ? rotate(s, split(x), o.rotary) : split(x));
  const scores = b.matmul(placed(q), placed(k), { transB: true, alpha: 1 / Math.sqrt(size) });
  const biased = o.scoreBias ? b.add(scores, b.slice(o.scoreBias, 1, 0, scores.shape[2]!)) : scores;
  const mixed = b.matmul(s.dropout(b.softmax(biased), o.dropout), split(v));
  return b.reshape(b.transpose(mixed, [0, 2, 1, 3]), [q.shape[0]!, width]);
}

/**
 * x · cos + (-x₂, x₁) · sin, where x₁ and x₂ are the halves of the last axis of x [batch, heads, tokens, size], or its
 * even and odd places (Su et al., 2021, arXiv:2104.09864).
 */
function rotate({ b }: Scope, x: Value, { cos, sin, interleaved }: NonNullable<AttentionOptions['rotary']>): Value {
  const [, , tokens, size] = x.shape as [number, number, number, number];
  const pairs = b.reshape(x, [...x.shape.slice(0, 3), ...(interleaved ? [size / 2, 2] : [2, size / 2])]);
  const axis = interleaved ? 4 : 3;
  const turned = b.concat(axis, b.neg(b.slice(pairs, axis, 1, 2)), b.slice(pairs, axis, 0, 1));
  const first = (table: Value): Value => b.slice(table, table.shape.length - 2, 0, tokens);
  return b.add(b.mul(x, first(cos)), b.mul(b.reshape(turned, x.shape), first(sin)));
}

/**
 * The tokens of each image that training keeps, [batch, tokens, width] -> [batch·kept, width]; the first `special` are
 * always among them.
 */
export function keptRows(s: Scope, x: Value, special: number): Value {
  const [batch, tokens, width] = x.shape as [number, number, number];
  const kept = s.keptTokens(batch, special, tokens);
  return s.b.reshape(kept ? s.b.matmul(kept, x) : x, [batch * (kept?.shape[1] ?? tokens), width]);
}

/** The first `count` tokens of each image: [batch·tokens, width] -> [batch·count, width]. */
export function firstTokens({ b }: Scope, x: Value, batch: number, count: number): Value {
  const [rows, width] = x.shape as [number, number];
  return b.reshape(b.slice(b.reshape(x, [batch, rows / batch, width]), 1, 0, count), [batch * count, width]);
}

/** Token number `index` of each image: [batch·tokens, width] -> [batch, width]. */
export function token({ b }: Scope, x: Value, batch: number, index: number): Value {
  const [rows, width] = x.shape as [number, number];
  return b.reshape(b.slice(b.reshape(x, [batch, rows / batch, width]), 1, index, index + 1), [batch, width]);
}

/** Those from number `from` on: [batch·tokens, width] -> [batch·(tokens - from), width]. */
export function tokensFrom({ b }: Scope, x: Value, batch: number, from: number): Value {
  if (!from) return x;
  const [rows, width] = x.shape as [number, number];
  const tokens = rows / batch;
  const rest = b.slice(b.reshape(x, [batch, tokens, width]), 1, from, tokens);
  return b.reshape(rest, [batch * (tokens - from), width]);
}

/** The mean [batch, width] of the tokens from number `from` on: x [batch·tokens, width]. */
export function meanToken({ b }: Scope, x: Value, batch: number, from: number): Value {
  const [rows, width] = x.shape as [number, number];
  const count = rows / batch - from;
  const tokens = b.slice(b.reshape(x, [batch, rows / batch, width]), 1, from, from + count);
  return b.reshape(b.scale(b.sum(tokens, [1]), 1 / count), [batch, width]);
}

/** The learned tokens `name` [1, count, width] before every image: [batch, count, width]. */
export function learnedTokens({ b, weight }: Scope, name: string, batch: number, count: number, width: number): Value {
  return b.expand(weight(name, [1, count, width]), [batch, count, width]);
}

export interface PixelNorm {
  mean: readonly number[];
  deviation: readonly number[];
  /** The factor from a byte to the range of `mean`, usually 1/255. */
  rescale: number;
  /** The network takes blue, green, red; only one from an ONNX file does. */
  flipped?: boolean | undefined;
}

/**
 * Images as patches, normalised: images [batch, height, width, 3] uint8 -> [batch·patches, 3·size·size] f32,
 * channel-major within a patch as convolution weights are. `mean` and `deviation` are for values in 0..1.
 */
function patches({ b }: Scope, images: Value, size: number, o: PixelNorm): Value {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const [rows, columns] = [patchesAlong(height, size), patchesAlong(width, size)];
  // What lies beyond the last whole patch is not used, as by a convolution.
  const whole = b.slice(b.slice(images, 1, 0, rows * size), 2, 0, columns * size);
  // Rows of a patch first, which are long, then its colours: moved at once, every byte would go alone, which takes ONNX
  // Runtime several times as long.
  const cut = b.transpose(b.reshape(whole, [batch, rows, size, columns, size, channels]), [0, 1, 3, 2, 4, 5]);
  const planes = b.transpose(b.reshape(cut, [batch * rows * columns, size * size, channels]), [0, 2, 1]);
  const flat = b.cast(b.reshape(planes, [batch * rows * columns, channels * size * size]), 'f32');
  // One number a column rather than one a channel: ONNX Runtime broadcasts long rows much faster than rows of three.
  const columnwise = (name: string, of: (channel: number) => number): Value =>
    b.constant(
      name,
      [channels * size * size],
      Float32Array.from({ length: channels * size * size }, (_, i) => of(Math.floor(i / (size * size)))),
    );
  const factor = columnwise('pixel.factor', (c) => o.rescale / o.deviation[c]!);
  const shift = columnwise('pixel.shift', (c) => -o.mean[c]! / o.deviation[c]!);
  return b.add(b.mul(flat, factor), shift);
}

/**
 * Patches as tokens: images [batch, height, width, 3] uint8 -> [batch, patches, width] by the convolution `name.weight`
 * [width, 3, size, size] and, where `bias`, `name.bias`.
 */
export function patchTokens(
  s: Scope,
  name: string,
  images: Value,
  o: { patchSize: number; hiddenSize: number; norm: PixelNorm; bias?: boolean },
): Value {
  const { b } = s;
  const { patchSize, hiddenSize } = o;
  const kernel = b.reshape(s.weight(`${name}.weight`, [hiddenSize, 3, patchSize, patchSize]), [
    hiddenSize,
    3 * patchSize * patchSize,
  ]);
  const bias = o.bias === false ? undefined : s.weight(`${name}.bias`, [hiddenSize]);
  const rows = b.matmul(patches(s, images, patchSize, o.norm), kernel, { transB: true, bias });
  return b.reshape(rows, [images.shape[0]!, rows.shape[0]! / images.shape[0]!, hiddenSize]);
}
