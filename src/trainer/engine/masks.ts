/** The random numbers of a training step: what dropout zeroes, and which patches stay. */
import type { MaskSpec } from '../compile/scope.js';
import { sizeOf } from '../ir/shape.js';
import type { Random } from '../core/random.js';

/** The bytes of a mask, drawn from `random`. */
export const drawMask = (spec: MaskSpec, random: Random): Uint8Array =>
  'rate' in spec ? dropoutMask(sizeOf(spec.shape), spec.rate, random) : keptTokens(spec, random);

/** Bytes of 0 with probability `rate`, else 1; two from each random word. */
function dropoutMask(size: number, rate: number, random: Random): Uint8Array {
  const mask = new Uint8Array(size);
  const threshold = Math.round(rate * 65536);
  for (let i = 0; i < size; i += 2) {
    const word = random.uint32();
    mask[i] = (word & 0xffff) < threshold ? 0 : 1;
    if (i + 1 < size) mask[i + 1] = word >>> 16 < threshold ? 0 : 1;
  }
  return mask;
}

/** Ones in zeros [batch, kept, tokens]: the first `special` tokens of each image, then patches in their order. */
function keptTokens({ shape, special }: Extract<MaskSpec, { special: number }>, random: Random): Uint8Array {
  const [batch, kept, tokens] = shape as [number, number, number];
  const mask = new Uint8Array(sizeOf(shape));
  for (let image = 0; image < batch; image++) {
    const order = random.shuffle(Uint32Array.from({ length: tokens - special }, (_, i) => special + i));
    const places = [...Array(special).keys(), ...order.subarray(0, kept - special).sort()];
    places.forEach((place, i) => (mask[(image * kept + i) * tokens + place] = 1));
  }
  return mask;
}
