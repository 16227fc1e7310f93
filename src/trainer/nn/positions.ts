/** Position embeddings of one grid of patches resampled to another. */
import type { VitConfig } from './vitConfig.js';

/** Keys' cubic kernel with a = -0.75, the one of torch's bicubic interpolation (Keys, 1981, IEEE TASSP 29(6)). */
function cubicKernel(distance: number): number {
  const a = -0.75;
  const x = Math.abs(distance);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  if (x < 2) return a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a;
  return 0;
}

/** For each of `to` places the four source places and their weights, pixel centres aligned as torch with align_corners=False. */
function taps(from: number, to: number): { index: number; weight: number }[][] {
  return Array.from({ length: to }, (_, i) => {
    const centre = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(centre) - 1;
    return [0, 1, 2, 3].map((k) => ({ index: Math.min(from - 1, Math.max(0, first + k)), weight: cubicKernel(centre - first - k) }));
  });
}

/**
 * Position embeddings [1, special + grid², width] for pictures of `imageSize` pixels a side: those of special tokens as they
 * are, those of patches resampled bicubically, as transformers' `interpolate_pos_encoding` does.
 */
export function interpolatePositions(data: Float32Array, { imageSize, patchSize, hiddenSize, specialTokens }: VitConfig, newSize: number): Float32Array {
  const [from, to] = [imageSize / patchSize, newSize / patchSize];
  const special = specialTokens * hiddenSize;
  const result = new Float32Array(special + to * to * hiddenSize);
  result.set(data.subarray(0, special));
  const along = taps(from, to);
  along.forEach((rows, y) =>
    along.forEach((columns, x) => {
      const target = special + (y * to + x) * hiddenSize;
      for (const row of rows)
        for (const column of columns) {
          const source = special + (row.index * from + column.index) * hiddenSize;
          const weight = row.weight * column.weight;
          for (let i = 0; i < hiddenSize; i++) result[target + i]! += weight * data[source + i]!;
        }
    }),
  );
  return result;
}
