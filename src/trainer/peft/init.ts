/** First values of what a method trains. */
import { sizeOf } from '../ir/shape.js';
import type { Shape } from '../ir/op.js';
import { Random } from '../core/random.js';
import { isAdapter } from './method.js';

interface Spec {
  name: string;
  shape: Shape;
}

/**
 * Initial values: copies of the model's own weights, and for added weights values that leave the network's outputs
 * unchanged.
 *
 * LoRA as PEFT draws it: A [rank, in] uniform within ±1/√in (He et al., 2015, with a = √5), B [out, rank] zero, and
 * DoRA's magnitude [out] the length of each row of the weight. Bottleneck adapters likewise: down [bottleneck, width]
 * uniform within ±1/√width, up and biases zero.
 */
export function firstValues(
  parameters: readonly Spec[],
  weight: (name: string, shape: Shape) => Float32Array,
  seed: number,
): Map<string, Float32Array> {
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
  const added = (name: string, shape: Shape): Float32Array => {
    const magnitude = /^(.*)\.lora_magnitude_vector$/.exec(name);
    if (magnitude)
      return rowLengths(
        weight(`${magnitude[1]!}.weight`, [shape[0]!, shapes.get(`${magnitude[1]!}.lora_A.weight`)![1]!]),
        shape[0]!,
      );
    const data = new Float32Array(sizeOf(shape));
    if (!/\.(lora_A|adapter_down)\.weight$/.test(name)) return data;
    const random = new Random(seed, 'init', name);
    const bound = 1 / Math.sqrt(shape[1]!);
    return data.map(() => (2 * random.uniform() - 1) * bound);
  };
  return new Map(
    parameters.map(({ name, shape }) => [name, isAdapter(name) ? added(name, shape) : weight(name, shape).slice()]),
  );
}

/** The Euclidean length of each of the `rows` of a matrix. */
function rowLengths(data: Float32Array, rows: number): Float32Array {
  const width = data.length / rows;
  return Float32Array.from({ length: rows }, (_, i) =>
    Math.sqrt(data.subarray(i * width, (i + 1) * width).reduce((sum, value) => sum + value * value, 0)),
  );
}
