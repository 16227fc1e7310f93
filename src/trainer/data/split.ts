/** Draws the validation split from the training images: by seed, class by class. */
import { Random } from '../core/random.js';
import { targetsOf } from './sample.js';
import type { Samples } from './samples.js';

/**
 * `fraction` of each class goes to validation, rounded; of two or more images at least one stays in each split, and a
 * single image stays in training. Each class is drawn separately, so adding a class does not move the images of the
 * others. `samples` must come in an order that does not depend on the file system; both results keep it.
 */
export function splitOff(
  samples: Samples,
  labels: readonly string[],
  fraction: number,
  seed: number,
): { train: Samples; validation: Samples } {
  const taken = new Uint8Array(samples.length);
  const classes = labels.map((): number[] => []);
  for (let row = 0; row < samples.length; row++) classes[samples.labelsAt(row).label]!.push(row);
  classes.forEach((own, index) => {
    if (fraction <= 0 || own.length < 2) return;
    const count = Math.min(own.length - 1, Math.max(1, Math.round(own.length * fraction)));
    for (const row of new Random(seed, 'split', labels[index]!).shuffle(own).slice(0, count)) taken[row] = 1;
  });
  return parted(samples, taken);
}

const parted = (samples: Samples, taken: Uint8Array): { train: Samples; validation: Samples } => ({
  train: samples.filter((row) => !taken[row]),
  validation: samples.filter((row) => taken[row] === 1),
});

/**
 * As `splitOff` for images with several labels, the numbers of which are below `labels`: those with the same labels
 * are drawn by themselves, those whose labels too few others share are drawn together. The last image of a label
 * stays in training.
 */
export function splitOffCombined(
  samples: Samples,
  labels: number,
  fraction: number,
  seed: number,
): { train: Samples; validation: Samples } {
  const groups = new Map<string, number[]>();
  const left = new Array<number>(labels).fill(0);
  const targetsAt = (row: number): readonly number[] => targetsOf(samples.labelsAt(row));
  for (let row = 0; row < samples.length; row++) {
    const key = targetsAt(row).join();
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
    for (const target of targetsAt(row)) left[target]!++;
  }
  const isShared = (group: readonly number[]): boolean => Math.round(group.length * fraction) >= 1;
  const shared = [...groups].filter(([, group]) => isShared(group));
  const rest = [...groups.values()]
    .filter((group) => !isShared(group))
    .flat()
    .sort((a, b) => a - b);
  const taken = new Uint8Array(samples.length);
  for (const [key, group] of [...shared, ['rest', rest] as const]) {
    const count = fraction <= 0 || group.length < 2 ? 0 : Math.max(1, Math.round(group.length * fraction));
    let drawn = 0;
    for (const row of new Random(seed, 'split', key).shuffle(group)) {
      if (drawn === count) break;
      if (targetsAt(row).some((target) => left[target] === 1)) continue;
      for (const target of targetsAt(row)) left[target]!--;
      taken[row] = 1;
      drawn++;
    }
  }
  return parted(samples, taken);
}

/**
 * As `splitOff`, but images of one group stay together: whole groups in random order go to validation until each of
 * their classes has about `fraction` of its images there. A class keeps a group in training, so one whose images are
 * all in one group is not validated. `groups` has a key for each image; `labels` is how many labels there are.
 */
export function splitOffGroups(
  samples: Samples,
  groups: readonly (string | number)[],
  labels: number,
  fraction: number,
  seed: number,
): { train: Samples; validation: Samples } {
  const members = new Map<string | number, number[]>();
  const totals = new Float64Array(labels);
  for (let row = 0; row < samples.length; row++) {
    const own = members.get(groups[row]!);
    if (own) own.push(row);
    else members.set(groups[row]!, [row]);
    for (const target of targetsOf(samples.labelsAt(row))) totals[target]!++;
  }
  const taken = new Uint8Array(samples.length);
  const counts = new Float64Array(labels);
  const wanted = totals.map((total) => Math.max(1, Math.round(total * fraction)));
  const take = (group: readonly number[], excess: (target: number) => number): void => {
    const own = new Map<number, number>();
    for (const row of group)
      for (const target of targetsOf(samples.labelsAt(row))) own.set(target, (own.get(target) ?? 0) + 1);
    const fits = [...own].every(
      ([target, count]) => counts[target]! + count <= excess(target) && counts[target]! + count < totals[target]!,
    );
    if (!fits) return;
    for (const row of group) taken[row] = 1;
    for (const [target, count] of own) counts[target]! += count;
  };
  const shuffled = new Random(seed, 'split', 'groups').shuffle([...members.values()]);
  for (const group of shuffled) take(group, (target) => wanted[target]!);
  // A class whose groups are all larger than its share gets the smallest of them.
  for (const group of shuffled.sort((a, b) => a.length - b.length))
    if (!taken[group[0]!] && group.some((row) => targetsOf(samples.labelsAt(row)).every((target) => !counts[target])))
      take(group, (target) => (counts[target] ? wanted[target]! : Infinity));
  return parted(samples, taken);
}
