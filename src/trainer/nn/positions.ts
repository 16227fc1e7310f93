/** Position embeddings of one grid of patches resampled to another. */
import type { Resizing } from './family.js';
import type { NetworkConfig } from './networkConfig.js';

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
 * Position embeddings [special + grid², width] of one grid of patches for another: those of special tokens as they are, those of
 * patches resampled bicubically, as transformers' `interpolate_pos_encoding` does.
 */
function interpolated(data: Float32Array, width: number, special: number, from: number, to: number): Float32Array {
  const kept = special * width;
  const result = new Float32Array(kept + to * to * width);
  result.set(data.subarray(0, kept));
  const along = taps(from, to);
  along.forEach((rows, y) =>
    along.forEach((columns, x) => {
      const target = kept + (y * to + x) * width;
      for (const row of rows)
        for (const column of columns) {
          const source = kept + (row.index * from + column.index) * width;
          const weight = row.weight * column.weight;
          for (let i = 0; i < width; i++) result[target + i]! += weight * data[source + i]!;
        }
    }),
  );
  return result;
}

/** How position embeddings of `special` tokens and one for each patch are brought to another image size; `leading` are axes of one before. */
export function positionResizing(config: NetworkConfig, special: number, leading: readonly number[]): Resizing {
  const { imageSize, patchSize, hiddenSize } = config;
  const grid = imageSize / patchSize;
  return {
    shape: [...leading, special + grid * grid, hiddenSize],
    to: (data, size) => interpolated(data, hiddenSize, special, grid, size / patchSize),
  };
}
