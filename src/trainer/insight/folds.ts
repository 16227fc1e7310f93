/** Folds for cross-validation: each class is spread evenly, and a group of images stays on one side. */
import { Random } from '../core/random.js';

/**
 * The fold of each image, 0 to `count` − 1. Images of one number in `groups` are in one fold; large groups are dealt
 * first, each to the fold that has the fewest images of its classes.
 */
export function foldsOf(labels: ArrayLike<number>, groups: ArrayLike<number>, count: number, seed: number): Uint8Array {
  const members = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const own = members.get(groups[i]!);
    if (own) own.push(i);
    else members.set(groups[i]!, [i]);
  }
  const shuffled = new Random(seed, 'folds').shuffle([...members.values()]);
  shuffled.sort((a, b) => b.length - a.length);
  const totals = new Float64Array(count);
  const byClass = new Map<number, Float64Array>();
  const countsOf = (label: number): Float64Array => {
    const own = byClass.get(label) ?? new Float64Array(count);
    byClass.set(label, own);
    return own;
  };
  const folds = new Uint8Array(labels.length);
  for (const group of shuffled) {
    let [best, least] = [0, Infinity];
    for (let fold = 0; fold < count; fold++) {
      const load = group.reduce((sum, i) => sum + countsOf(labels[i]!)[fold]!, 0) + 1e-6 * totals[fold]!;
      if (load < least) [best, least] = [fold, load];
    }
    for (const i of group) {
      folds[i] = best;
      countsOf(labels[i]!)[best]!++;
      totals[best]!++;
    }
  }
  return folds;
}
