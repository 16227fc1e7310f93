/** How sure a share is that was counted on so many images: Wilson's interval of 95 %. */

/** A lower and an upper bound, both in 0 to 1. */
export type Interval = [low: number, high: number];

/** The 97.5 % quantile of the normal distribution. */
const z = 1.959963984540054;

/**
 * Wilson's score interval of 95 % for `hits` of `images` (Wilson, 1927; without a correction for continuity). Unlike
 * the usual one it stays within 0 and 1, and says something where all or none are right. [0, 1] where there are no
 * images.
 */
export function wilson(hits: number, images: number): Interval {
  if (images === 0) return [0, 1];
  const share = hits / images;
  const scale = 1 + z ** 2 / images;
  const centre = (share + z ** 2 / (2 * images)) / scale;
  const half = (z * Math.sqrt((share * (1 - share)) / images + z ** 2 / (4 * images ** 2))) / scale;
  return [hits === 0 ? 0 : Math.max(0, centre - half), hits === images ? 1 : Math.min(1, centre + half)];
}

/** What a label needs to be measured by. */
interface Counts {
  /** Images that have the label and for which it was predicted. */
  hits: number;
  predicted: number;
  support: number;
}

/** Intervals of the figures of one label. */
export interface ClassIntervals {
  precision: Interval;
  recall: Interval;
  f1: Interval;
}

/**
 * Precision and recall are shares of the predicted and of the true images. F1 is 2J / (1 + J) of the share J of hits
 * among the images that have the label or got it, and grows with it, so its interval is that of J, carried over.
 */
export function classIntervals({ hits, predicted, support }: Counts): ClassIntervals {
  const ofF1 = (share: number) => (2 * share) / (1 + share);
  const [low, high] = wilson(hits, predicted + support - hits);
  return { precision: wilson(hits, predicted), recall: wilson(hits, support), f1: [ofF1(low), ofF1(high)] };
}
