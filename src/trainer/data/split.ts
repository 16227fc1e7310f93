/** Takes a validation split out of the training pictures: by seed, class by class. */
import { Random } from '../random.js';
import type { Sample } from './scan.js';

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
