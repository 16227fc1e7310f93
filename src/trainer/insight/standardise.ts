/** Features brought to one scale, so that one penalty suits every model. */
import type { Features } from './features.js';

/** What brings features to that scale: each becomes (x − mean) · √width / ‖x − mean‖. */
export function meanOf({ values, width }: Features, rows: readonly number[]): Float64Array {
  const mean = new Float64Array(width);
  for (const row of rows) for (let i = 0; i < width; i++) mean[i]! += values[row * width + i]!;
  return mean.map((sum) => sum / Math.max(1, rows.length));
}

/** The features without their mean and with the length √width, as new numbers. */
export function standardised({ values, width }: Features, mean: Float64Array): Features {
  const result = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += width) {
    let squares = 0;
    for (let i = 0; i < width; i++) {
      const value = values[start + i]! - mean[i]!;
      result[start + i] = value;
      squares += value * value;
    }
    const scale = Math.sqrt(width / Math.max(squares, 1e-12));
    for (let i = 0; i < width; i++) result[start + i]! *= scale;
  }
  return { width, values: result };
}
