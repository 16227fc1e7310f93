/** Whether a dataset could still be read and trained on after a change of its images. */
import { errors, type UserError } from '../errors/errors.js';
import type { SplitName } from '../protocol.js';

/** Where an image is counted. */
export interface Place {
  label: string;
  split: SplitName;
}

/** An image of the dataset that is to change, and where it is and will be counted. */
export interface Changing {
  path: string;
  from: Place;
  /** Undefined: it is no part of the dataset then. */
  to: Place | undefined;
}

/** What would be wrong with a dataset of images at these places. */
export function unusable(places: Iterable<Place>): UserError | undefined {
  const training = new Set<string>();
  const all = new Set<string>();
  for (const { label, split } of places) {
    all.add(label);
    if (split === 'train') training.add(label);
  }
  for (const label of all) if (!training.has(label)) return errors.change.noTraining(label);
  return training.size < 2 ? errors.change.oneClass() : undefined;
}
