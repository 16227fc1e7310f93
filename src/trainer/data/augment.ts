/** Draws the random crops and flips of training. */
import type { Random } from '../random.js';
import type { Region } from './transform.js';

export interface Augmentation {
  /** Area of the crop as a share of the picture, and its width divided by its height; false: the same pixels as evaluation uses. */
  randomResizedCrop: { scale: [number, number]; ratio: [number, number] } | false;
  /** Probability of a flip left to right. */
  horizontalFlip: number;
}

/** A crop as torchvision's RandomResizedCrop draws it: ten tries of area and (log-uniform) ratio, then the largest middle part of an allowed ratio. */
export function randomCrop(random: Random, width: number, height: number, { scale, ratio }: { scale: [number, number]; ratio: [number, number] }): Region {
  const between = ([low, high]: [number, number]) => low + (high - low) * random.uniform();
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * between(scale);
    const shape = Math.exp(between([Math.log(ratio[0]), Math.log(ratio[1])]));
    const w = Math.round(Math.sqrt(area * shape));
    const h = Math.round(Math.sqrt(area / shape));
    if (w >= 1 && h >= 1 && w <= width && h <= height) {
      return { left: random.below(width - w + 1), top: random.below(height - h + 1), width: w, height: h };
    }
  }
  const shape = width / height;
  const w = shape > ratio[1] ? Math.max(1, Math.round(height * ratio[1])) : width;
  const h = shape < ratio[0] ? Math.max(1, Math.round(width / ratio[0])) : height;
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}
