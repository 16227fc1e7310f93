/**
 * Doubles the width of a vision transformer without changing its outputs, so that a wider one need not begin from
 * random weights.
 */
import type { Tensor } from '../src/trainer/checkpoint/safetensors.js';
import { Random } from '../src/trainer/core/random.js';

type Config = Record<'hidden_size' | 'intermediate_size' | 'num_attention_heads', number>;

/** A config of twice the width and as many heads of the old size more. */
export function widenedConfig<C extends Config>(config: C): C {
  const { hidden_size, intermediate_size, num_attention_heads } = config;
  return {
    ...config,
    hidden_size: 2 * hidden_size,
    intermediate_size: 2 * intermediate_size,
    num_attention_heads: 2 * num_attention_heads,
  };
}

const repeated = ({ shape: [first, ...rest], data }: Tensor): Tensor => {
  const twice = new Float32Array(2 * data.length);
  twice.set(data);
  twice.set(data, data.length);
  return { shape: [2 * first!, ...rest], data: twice };
};

/** Each row [width] of [..., width] twice in a row. */
function repeatedInRows({ shape, data }: Tensor): Tensor {
  const width = shape.at(-1)!;
  const twice = new Float32Array(2 * data.length);
  for (let from = 0; from < data.length; from += width)
    for (const to of [2 * from, 2 * from + width]) twice.set(data.subarray(from, from + width), to);
  return { shape: [...shape.slice(0, -1), 2 * width], data: twice };
}

/**
 * A matrix [out, in] that reads everything twice: half of each weight for each copy, plus and minus the same random
 * number. It cancels while the copies are equal, but lets them diverge in training.
 */
function readingTwice({ shape, data }: Tensor, copies: number, random: Random): Tensor {
  const [rows, columns] = shape as [number, number];
  const deviation = Math.sqrt(data.reduce((sum, each) => sum + each * each, 0) / data.length) / 2;
  const made = new Float32Array(2 * copies * data.length);
  for (let row = 0; row < copies * rows; row++) {
    for (let column = 0; column < columns; column++) {
      const half = data[(row % rows) * columns + column]! / 2;
      const apart = deviation * random.normal();
      const at = row * 2 * columns + column;
      made[at] = half + apart;
      made[at + columns] = half - apart;
    }
  }
  return { shape: [copies * rows, 2 * columns], data: made };
}

/**
 * The weights of a ViT (transformers' names) with every hidden value twice: T. Chen, I. Goodfellow, J. Shlens,
 * "Net2Net", ICLR 2016. A layer norm of values that are there twice is that of the values, and further heads repeat the
 * old ones.
 */
export function widened(tensors: ReadonlyMap<string, Tensor>, seed: number): Map<string, Tensor> {
  const widen = (name: string, tensor: Tensor): Tensor => {
    if (name === 'classifier.bias') return tensor;
    if (/(cls_token|position_embeddings)$/.test(name)) return repeatedInRows(tensor);
    // Pixels are not there twice.
    if (tensor.shape.length !== 2) return repeated(tensor);
    return readingTwice(tensor, name === 'classifier.weight' ? 1 : 2, new Random(seed, 'widen', name));
  };
  return new Map(Array.from(tensors, ([name, tensor]) => [name, widen(name, tensor)]));
}
