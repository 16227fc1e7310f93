/**
 * Quantisation of a frozen weight in blocks, each with a scale of its own: NormalFloat with 4 bits, or whole numbers of
 * 8.
 */
import { normalFloat4, packWords, wordLevels } from '../ir/normalFloat.js';
import type { QuantizationOptions } from '../config/methodConfig.js';

export const bitsOf = ({ quantization }: Pick<QuantizationOptions, 'quantization'>): 4 | 8 =>
  quantization === 'nf4' ? 4 : 8;

/** What the IR's `dequantize` takes. */
export interface QuantizedWeight {
  codes: Uint8Array | Int8Array;
  /** f32 [blocks]. */
  scales: Float32Array;
}

/** Halfway between one level and the next. */
const bounds = Float32Array.from(normalFloat4.slice(1), (level, i) => (level + normalFloat4[i]!) / 2);

/** The code of the level that is nearest to `share`, by bisection. */
function nearestLevel(share: number): number {
  let code = share > bounds[7]! ? 8 : 0;
  if (share > bounds[code + 3]!) code += 4;
  if (share > bounds[code + 1]!) code += 2;
  if (share > bounds[code]!) code += 1;
  return code;
}

/**
 * Each number as the nearest level times the greatest absolute value of its block (Dettmers et al., 2022,
 * arXiv:2110.02861, section 2.1; for NF4 2023, arXiv:2305.14314, section 3); with 8 bits the levels are the 127ths.
 * Blocks run over the numbers in their order, the last filled with zeros.
 */
export function quantize(data: Float32Array, { quantization, blockSize }: QuantizationOptions): QuantizedWeight {
  const blocks = Math.ceil(data.length / blockSize);
  const scales = new Float32Array(blocks);
  const codes =
    quantization === 'int8'
      ? new Int8Array(blocks * blockSize)
      : new Uint8Array(blocks * blockSize).fill(nearestLevel(0));
  for (let block = 0; block < blocks; block++) {
    const start = block * blockSize;
    const end = Math.min(start + blockSize, data.length);
    let max = 0;
    for (let i = start; i < end; i++) max = Math.max(max, Math.abs(data[i]!));
    const scale = Math.fround(quantization === 'int8' ? max / 127 : max);
    scales[block] = scale;
    if (max === 0) continue;
    if (quantization === 'int8')
      for (let i = start; i < end; i++) codes[i] = Math.max(-127, Math.min(127, Math.round(data[i]! / scale)));
    else for (let i = start; i < end; i++) codes[i] = nearestLevel(data[i]! / scale);
  }
  return { codes: codes instanceof Int8Array ? codes : packWords(codes), scales };
}

/** The `size` dequantised numbers of a quantised weight, in the precision of the graphs. */
export function dequantize(
  { codes, scales }: QuantizedWeight,
  size: number,
  { quantization, blockSize }: QuantizationOptions,
): Float32Array {
  const words = codes.length / 2;
  const levels = wordLevels();
  const level = (i: number): number => {
    if (quantization === 'int8') return codes[i]!;
    const word = i >> 2;
    return levels[4 * (256 * codes[word]! + codes[words + word]!) + (i & 3)]!;
  };
  return Float32Array.from({ length: size }, (_, i) => level(i) * scales[Math.floor(i / blockSize)]!);
}
