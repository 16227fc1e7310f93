/** First values of the weights that a method adds. */
import { sizeOf } from '../ir/shape.js';
import type { Shape } from '../ir/op.js';
import { Random } from '../random.js';
import { isAdapter } from './method.js';

/**
 * LoRA's first values as PEFT draws them: A [rank, in] uniform within ±1/√in (He et al., 2015, with a = √5), B [out, rank]
 * zero, so that training starts at the pretrained model. Undefined for other names.
 */
export function initialAdapter(name: string, shape: Shape, seed: number): Float32Array | undefined {
  if (!isAdapter(name)) return undefined;
  const data = new Float32Array(sizeOf(shape));
  if (name.endsWith('.lora_B.weight')) return data;
  const random = new Random(seed, 'init', name);
  const bound = 1 / Math.sqrt(shape[1]!);
  return data.map(() => (2 * random.uniform() - 1) * bound);
}
