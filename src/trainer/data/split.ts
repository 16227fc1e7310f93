/** The names of splits, and the validation split that is taken out of the training pictures: by seed, class by class. */
import type { SplitName } from '../protocol.js';
import { Random } from '../random.js';
import { marksOf, type Sample } from './sample.js';

const splitNames: Record<string, SplitName> = { train: 'train', validation: 'validation', val: 'validation', valid: 'validation', test: 'test' };
/** The split that goes by a name, in the spellings people use. */
export const splitNamed = (text: string): SplitName | undefined => {
  const name = text.toLowerCase();
  return Object.hasOwn(splitNames, name) ? splitNames[name] : undefined;
};

/**
 * `fraction` of each class goes to validation, rounded, but of two or more pictures at least one stays on either side; a single one stays in
 * training. Each class is drawn by itself, so adding one does not move the pictures of the others. `samples` must come in an order that does
 * not depend on the file system; both results keep it.
 */
export function splitOff(samples: readonly Sample[], labels: readonly string[], fraction: number, seed: number): { train: Sample[]; validation: Sample[] } {
  const taken = new Set<Sample>();
  const classes = labels.map((): Sample[] => []);
  for (const sample of samples) classes[sample.label]!.push(sample);
  classes.forEach((own, index) => {
    if (fraction <= 0 || own.length < 2) return;
    const count = Math.min(own.length - 1, Math.max(1, Math.round(own.length * fraction)));
    for (const sample of new Random(seed, 'split', labels[index]!).shuffle(own).slice(0, count)) taken.add(sample);
  });
  return { train: samples.filter((sample) => !taken.has(sample)), validation: samples.filter((sample) => taken.has(sample)) };
}

/**
 * As `splitOff` for pictures with several labels, the numbers of which are below `labels`: those with the same labels are drawn by themselves,
 * those whose labels too few others share are drawn together. The last picture of a label stays in training.
 */
export function splitOffCombined(samples: readonly Sample[], labels: number, fraction: number, seed: number): { train: Sample[]; validation: Sample[] } {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = marksOf(sample).join();
    const group = groups.get(key);
    if (group) group.push(sample);
    else groups.set(key, [sample]);
  }
  const isShared = (group: readonly Sample[]): boolean => Math.round(group.length * fraction) >= 1;
  const shared = [...groups].filter(([, group]) => isShared(group));
  const rest = samples.filter((sample) => !isShared(groups.get(marksOf(sample).join())!));
  const left = new Array<number>(labels).fill(0);
  for (const mark of samples.flatMap(marksOf)) left[mark]!++;
  const taken = new Set<Sample>();
  for (const [key, group] of [...shared, ['rest', rest] as const]) {
    const count = fraction <= 0 || group.length < 2 ? 0 : Math.max(1, Math.round(group.length * fraction));
    let drawn = 0;
    for (const sample of new Random(seed, 'split', key).shuffle(group)) {
      if (drawn === count) break;
      if (marksOf(sample).some((mark) => left[mark] === 1)) continue;
      for (const mark of marksOf(sample)) left[mark]!--;
      taken.add(sample);
      drawn++;
    }
  }
  return { train: samples.filter((sample) => !taken.has(sample)), validation: samples.filter((sample) => taken.has(sample)) };
}
