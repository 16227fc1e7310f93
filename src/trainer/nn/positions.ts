/** Position embeddings of one grid of patches brought to another. */
import type { Resizing } from './family.js';
import { patchesAlong } from './patchesAlong.js';
import type { NetworkConfig } from './networkConfig.js';
import { resampled, type Resampling } from './resampling.js';

/**
 * How position embeddings [special + grid², width] are brought to another image size: those of special tokens as they
 * are, those of patches resampled, as transformers' `interpolate_pos_encoding` does. `leading` are axes of one before.
 */
export function positionResizing(
  config: NetworkConfig,
  special: number,
  leading: readonly number[],
  how: Resampling = 'bicubic',
): Resizing {
  const { imageSize, patchSize, hiddenSize: width } = config;
  const grid = patchesAlong(imageSize, patchSize);
  return {
    shape: [...leading, special + grid * grid, width],
    to(data, size) {
      const patches = resampled(data.subarray(special * width), width, grid, patchesAlong(size, patchSize), how);
      const result = new Float32Array(special * width + patches.length);
      result.set(data.subarray(0, special * width));
      result.set(patches, special * width);
      return result;
    },
  };
}
