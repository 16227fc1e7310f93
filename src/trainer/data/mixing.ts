/**
 * Mixup (Zhang et al., 2018, arXiv:1710.09412) and CutMix (Yun et al., 2019, arXiv:1905.04899): each image of a batch
 * is mixed with another of it, and so are their targets. The mixing is drawn once per batch and applied equally to the
 * pixels and to any number of target arrays.
 */
import type { Random } from '../core/random.js';
import type { Region } from './transform.js';

export interface MixingOptions {
  /** The share of an image is drawn from Beta(mixup, mixup); 0: no mixup. */
  mixup: number;
  /**
   * The area that an image keeps is drawn from Beta(cutmix, cutmix); 0: no CutMix. Where both are on, each batch gets
   * either, evenly.
   */
  cutmix: number;
}

export interface Mixing {
  /** The share of each image and of its targets that it keeps; the rest is its partner's. */
  lambda: number;
  /** For each image of the batch the place of its partner in the batch. */
  partners: number[];
  /** CutMix: the part of the image that is its partner's. Absent: mixup, every pixel is mixed. */
  region?: Region;
}

/** Draws how a batch of `count` images, each `width` x `height`, is mixed; undefined where it is not. */
export function drawMixing(
  random: Random,
  count: number,
  { width, height }: { width: number; height: number },
  o: MixingOptions,
): Mixing | undefined {
  if (!o.mixup && !o.cutmix) return undefined;
  const cuts = o.mixup && o.cutmix ? random.uniform() < 0.5 : !o.mixup;
  const lambda = random.beta(cuts ? o.cutmix : o.mixup);
  const partners = random.shuffle(Array.from({ length: count }, (_, i) => i));
  if (!cuts) return { lambda, partners };
  // The box has the image's proportions and its centre anywhere. The part outside the image is cut off, so lambda is
  // recomputed.
  const side = Math.sqrt(1 - lambda);
  const span = (length: number): [number, number] => {
    const half = Math.floor(Math.floor(length * side) / 2);
    const middle = random.below(length);
    return [Math.max(0, middle - half), Math.min(length, middle + half)];
  };
  const [left, right] = span(width);
  const [top, bottom] = span(height);
  const region = { left, top, width: right - left, height: bottom - top };
  return { lambda: 1 - (region.width * region.height) / (width * height), partners, region };
}

/**
 * Mixes `images` [batch, height, width, 3] in place; those after the partners' count are padding and stay. Bytes are
 * mixed rather than what the network makes of them: normalisation is affine, so the difference is the rounding, half a
 * level at most, and the workers do it.
 */
export function mixImages(
  images: Uint8Array,
  size: { width: number; height: number },
  { lambda, partners, region }: Mixing,
): void {
  const bytes = size.width * size.height * 3;
  const source = new Uint8Array(images.subarray(0, partners.length * bytes));
  partners.forEach((partner, i) => {
    const [own, other] = [i * bytes, partner * bytes];
    if (!region) {
      for (let k = 0; k < bytes; k++)
        images[own + k] = lambda * source[own + k]! + (1 - lambda) * source[other + k]! + 0.5;
      return;
    }
    for (let y = region.top; y < region.top + region.height; y++) {
      const from = (y * size.width + region.left) * 3;
      images.set(source.subarray(other + from, other + from + region.width * 3), own + from);
    }
  });
}

/**
 * Mixes `targets` [batch, width] in place: probabilities of labels, of one task or another, or flags of several labels.
 */
export function mixTargets(targets: Float32Array, width: number, { lambda, partners }: Mixing): void {
  const source = targets.slice(0, partners.length * width);
  partners.forEach((partner, i) => {
    for (let k = 0; k < width; k++)
      targets[i * width + k] = lambda * source[i * width + k]! + (1 - lambda) * source[partner * width + k]!;
  });
}
