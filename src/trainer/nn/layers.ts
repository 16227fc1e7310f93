/** Layers that model families share. */
import type { Value } from '../ir/graph.js';
import type { Scope } from './scope.js';

/** Layer normalisation over the last axis by `name.weight` and `name.bias`. */
export function layerNorm({ b, weight }: Scope, name: string, x: Value, epsilon: number): Value {
  const width = x.shape.at(-1)!;
  return b.layerNorm(x, weight(`${name}.weight`, [width]), weight(`${name}.bias`, [width]), epsilon)[0]!;
}

/** The activation functions of Hugging Face's `hidden_act` that we know. */
export const activations: Record<string, (s: Scope, x: Value) => Value> = {
  gelu: ({ b }, x) => b.gelu(x),
  relu: ({ b }, x) => b.relu(x),
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
};

/** x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))) (Hendrycks and Gimpel, 2016, arXiv:1606.08415, section 2). */
function geluTanh({ b }: Scope, x: Value): Value {
  const cubic = b.add(x, b.scale(b.mul(x, b.mul(x, x)), 0.044715));
  return b.mul(b.scale(x, 0.5), b.add(b.scalar(1), b.tanh(b.scale(cubic, Math.sqrt(2 / Math.PI)))));
}

/**
 * Multi-head attention (Vaswani et al., 2017, arXiv:1706.03762) of q [batch·queries, width] over k and v [batch·keys, width];
 * returns [batch·queries, width].
 */
export function attention(s: Scope, q: Value, k: Value, v: Value, o: { batch: number; heads: number; dropout: number }): Value {
  const { b } = s;
  const width = q.shape[1]!;
  const size = width / o.heads;
  const split = (x: Value): Value => b.transpose(b.reshape(x, [o.batch, x.shape[0]! / o.batch, o.heads, size]), [0, 2, 1, 3]);
  const scores = b.matmul(split(q), split(k), { transB: true, alpha: 1 / Math.sqrt(size) });
  const mixed = b.matmul(s.dropout(b.softmax(scores), o.dropout), split(v));
  return b.reshape(b.transpose(mixed, [0, 2, 1, 3]), [q.shape[0]!, width]);
}

/**
 * Pictures as patches, normalised: images [batch, height, width, 3] uint8 -> [batch·patches, 3·size·size] f32,
 * channel-major within a patch as convolution weights are. `mean` and `deviation` are for values in 0..1.
 */
export function patches({ b }: Scope, images: Value, size: number, o: { mean: readonly number[]; deviation: readonly number[]; rescale: number }): Value {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const [rows, columns] = [height / size, width / size];
  const cut = b.transpose(b.reshape(images, [batch, rows, size, columns, size, channels]), [0, 1, 3, 5, 2, 4]);
  const flat = b.cast(b.reshape(cut, [batch * rows * columns, channels * size * size]), 'f32');
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
