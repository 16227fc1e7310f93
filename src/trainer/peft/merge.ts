/** Folding of a low-rank adapter into the weight that it adapts. */

/** The tensors of one adapted layer. */
export interface LowRankUpdate {
  /** [rank, width] */
  down: Float32Array;
  /** [out, rank] */
  up: Float32Array;
  rank: number;
  scaling: number;
  /** DoRA's [out]: the length that each row of the sum gets. */
  magnitude?: Float32Array | undefined;
}

/**
 * W [out, width] + scaling · B A (Hu et al., 2021, arXiv:2106.09685, section 4.1), with a `magnitude` each row brought
 * to that length (Liu et al., 2024, arXiv:2402.09353, formula 5). The sums are in double precision and rounded once.
 */
export function mergeLowRank(
  weight: Float32Array,
  { down, up, rank, scaling, magnitude }: LowRankUpdate,
): Float32Array {
  const out = up.length / rank;
  const width = weight.length / out;
  const merged = new Float32Array(weight.length);
  const row = new Float64Array(width);
  for (let i = 0; i < out; i++) {
    for (let j = 0; j < width; j++) row[j] = weight[i * width + j]!;
    for (let k = 0; k < rank; k++) {
      const factor = scaling * up[i * rank + k]!;
      for (let j = 0; j < width; j++) row[j]! += factor * down[k * width + j]!;
    }
    const factor = magnitude ? magnitude[i]! / Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) : 1;
    for (let j = 0; j < width; j++) merged[i * width + j] = factor * row[j]!;
  }
  return merged;
}
