/** NormalFloat with 4 bits: the levels, and the layout of the codes in bytes. */

/**
 * The 16 levels of NF4, ascending: quantiles of the normal distribution scaled to -1..1, with an exact zero (Dettmers
 * et al., 2023, arXiv:2305.14314, section 3 and appendix E), as fp32 numbers.
 */
export const normalFloat4: readonly number[] = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
  -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
  0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
];

/**
 * Four consecutive codes form a 16-bit word, the first code in its highest four bits. The high bytes of all words come
 * first, then their low bytes. Every device can turn these two rows into words with one product and one sum, and a word
 * finds its four levels in one look-up.
 */
export function packWords(codes: Uint8Array): Uint8Array {
  const words = codes.length / 4;
  const packed = new Uint8Array(2 * words);
  for (let i = 0; i < words; i++) {
    packed[i] = (codes[4 * i]! << 4) | codes[4 * i + 1]!;
    packed[words + i] = (codes[4 * i + 2]! << 4) | codes[4 * i + 3]!;
  }
  return packed;
}

let table: Float32Array | undefined;

/** The four levels of each of the 65536 words, [65536, 4]; one shared array, since it takes a megabyte. */
export function wordLevels(): Float32Array {
  table ??= Float32Array.from({ length: 4 * 65536 }, (_, i) => normalFloat4[((i >> 2) >> (12 - 4 * (i & 3))) & 15]!);
  return table;
}
