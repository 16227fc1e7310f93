/** Images that are odd in themselves: of one colour, blurred, tiny, stretched, or far from all others. */
import type { ImageCheck } from '../data/decode.js';
import type { ImageFault } from '../protocol.js';
import type { Neighbours } from './nearest.js';

export interface Fault {
  image: number;
  kind: ImageFault;
  score: number;
}

/** Below this shorter side a photo hardly shows anything, in pixels. */
const tinySide = 32;
/** Beyond this ratio of its sides an image is squeezed out of shape by a square input. */
const stretchedRatio = 3;
/** An image this much less sharp than the median one, and below this sharpness, is blurred. */
const blurred = { ofMedian: 0.15, sharpness: 0.01 };
/** The nearest images that an outlier is far from, and by how many deviations of all such distances. */
const outlier = { neighbours: 10, deviations: 4 };

/** Faults that an image shows by itself; the score of each is explained at `ImageFault` in the protocol. */
export function imageFaults(checks: readonly ImageCheck[]): Fault[] {
  const usual = medianOf(checks.map(({ look }) => look.sharpness));
  return checks.flatMap(({ width, height, blank, look }, image): Fault[] => {
    const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
    const faults: Fault[] = [];
    if (blank !== undefined) faults.push({ image, kind: 'constant', score: look.contrast });
    else if (look.sharpness < blurred.sharpness && look.sharpness < blurred.ofMedian * usual)
      faults.push({ image, kind: 'blurred', score: look.sharpness / usual });
    if (shorter < tinySide) faults.push({ image, kind: 'tiny', score: shorter });
    if (longer >= stretchedRatio * shorter) faults.push({ image, kind: 'stretched', score: longer / shorter });
    return faults;
  });
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/**
 * Images whose mean distance to their nearest neighbours is far above the usual: by so many robust deviations (1.4826
 * times the median deviation) of its logarithm. The farthest first.
 */
export function outliers({ count, similarities }: Neighbours, images: number): Fault[] {
  const taken = Math.min(count, outlier.neighbours);
  if (taken === 0) return [];
  const distances = Array.from({ length: images }, (_, image) => {
    let sum = 0;
    for (let k = 0; k < taken; k++) sum += 1 - similarities[image * count + k]!;
    return Math.log(Math.max(1e-6, sum / taken));
  });
  const middle = medianOf(distances);
  const deviation = 1.4826 * medianOf(distances.map((distance) => Math.abs(distance - middle)));
  if (deviation < 1e-6) return [];
  return distances
    .map((distance, image): Fault => ({ image, kind: 'outlier', score: (distance - middle) / deviation }))
    .filter(({ score }) => score >= outlier.deviations)
    .sort((a, b) => b.score - a.score);
}
