/** Draws how much each place of an image counts over the image. */
import type { Explanation } from '../../shared/explanation.js';
import { heatAt, heatColour } from '../../shared/heat.js';
import { writeCovered } from './decode.js';

/** Pixels of the longer side of the written image. */
const side = 640;

/**
 * Writes the image at `path` as the PNG file `target`, with the explanation over the part that the model saw. Throws a
 * UserError where the image cannot be read.
 */
export function writeHeat(path: string, explanation: Explanation, target: string): Promise<void> {
  const { seen } = explanation;
  return writeCovered(path, side, target, (width, height) => {
    const heat = new Uint8Array(width * height * 4);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const u = ((x + 0.5) / width - seen.left) / seen.width;
        const v = ((y + 0.5) / height - seen.top) / seen.height;
        if (u >= 0 && u <= 1 && v >= 0 && v <= 1) heat.set(heatColour(heatAt(explanation, u, v)), (y * width + x) * 4);
      }
    return heat;
  });
}
