/** Accuracy by the number of images trained on, which says whether more of them would help. */
import { accuracyOf, outOfFoldScores, partsOfFold, type Labelled } from './outOfFold.js';
import type { Moments } from './moments.js';

export interface CurvePoint {
  /** Images that the head is trained on. */
  images: number;
  /** Of images that it was not trained on, whatever the number trained on: those of the other folds. */
  accuracy: number;
}

/** A point for each quarter of the training images, by a linear head. */
export async function learningCurve(
  data: Labelled,
  folds: Uint8Array,
  moments: readonly Moments[],
  penalty: number,
): Promise<CurvePoint[]> {
  const { labels, classes } = data;
  const count = moments.length / partsOfFold;
  const points: CurvePoint[] = [];
  for (let parts = 1; parts <= partsOfFold; parts++) {
    const images = moments.reduce((sum, own, m) => sum + (m % partsOfFold < parts ? own.images : 0), 0);
    points.push({
      images: Math.round((images * (count - 1)) / count),
      accuracy: accuracyOf(await outOfFoldScores(data, folds, moments, penalty, parts), labels, classes),
    });
  }
  return points;
}

/**
 * What twice as many images may bring: the gain of the last doubling times what is left of gains from one doubling to
 * the next (Hestness et al., 2017, arXiv:1712.00409: the error falls by a power of the images), never below 0.
 */
export function gainOfDoubling(curve: readonly CurvePoint[]): number {
  const [quarter, half, whole] = [curve[0]!, curve[1]!, curve.at(-1)!].map(({ accuracy }) => 1 - accuracy);
  if (!quarter || !half || !whole) return 0;
  const ratio = Math.min(1, Math.sqrt(whole / quarter));
  return Math.max(0, whole * (1 - ratio));
}
