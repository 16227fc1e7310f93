/** The random changes to the images of training: crops and erased parts are drawn here. */
import type { Random } from '../core/random.js';
import type { MixingOptions } from './mixing.js';
import type { RandAugmentOptions } from './randAugment.js';
import type { Region } from './transform.js';

/** In the order in which they are made; images are mixed last. */
export interface Augmentation extends MixingOptions {
  /**
   * Area of the crop as a share of the image, and its width divided by its height; false: the same pixels as
   * evaluation uses.
   */
  randomResizedCrop: { scale: [number, number]; ratio: [number, number] } | false;
  /** Probability of a flip left to right. */
  horizontalFlip: number;
  randAugment: RandAugmentOptions | false;
  /** Probability that a part of the image is erased. */
  randomErasing: number;
}

/**
 * A crop as torchvision's RandomResizedCrop draws it: ten tries of area and (log-uniform) ratio, then the largest
 * middle part of an allowed ratio.
 */
export function randomCrop(
  random: Random,
  width: number,
  height: number,
  { scale, ratio }: { scale: [number, number]; ratio: [number, number] },
): Region {
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

/**
 * Random erasing (Zhong et al., 2020, arXiv:1708.04896): with `probability` a rectangle becomes noise, each byte at
 * random. Area and ratio are drawn as torchvision does: 2 to 33 % of the image, 0.3 to 3.3 (log-uniform), ten tries.
 */
export function randomErasing(
  random: Random,
  pixels: Uint8Array,
  width: number,
  height: number,
  probability: number,
): void {
  if (random.uniform() >= probability) return;
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * (0.02 + 0.31 * random.uniform());
    const shape = Math.exp(Math.log(0.3) + Math.log(3.3 / 0.3) * random.uniform());
    const w = Math.round(Math.sqrt(area / shape));
    const h = Math.round(Math.sqrt(area * shape));
    if (w < 1 || h < 1 || w >= width || h >= height) continue;
    const left = random.below(width - w + 1);
    const top = random.below(height - h + 1);
    for (let y = top; y < top + h; y++)
      for (let at = (y * width + left) * 3, end = at + w * 3; at < end; at++) pixels[at] = random.uint32() >>> 24;
    return;
  }
}
