/** What identifies the images that a run was started on: their places in the dataset and their labels, in order. */
import { createHash } from 'node:crypto';
import { join, relative, sep } from 'node:path';
import { isPlain } from '../core/tasks.js';
import type { Dataset } from './dataset.js';
import { targetsOf } from './sample.js';

/** SHA-256 in hexadecimal. */
export function fingerprint({ root, splits, tasks }: Dataset): string {
  const hash = createHash('sha256').update(JSON.stringify(isPlain(tasks) ? tasks[0]!.labels : tasks));
  // Most of a million paths begin with the root, and cutting it off is faster than computing a relative path.
  const start = join(root, sep);
  const placeOf = (path: string): string => (path.startsWith(start) ? path.slice(start.length) : relative(root, path));
  for (const [split, samples] of Object.entries(splits)) {
    for (const sample of samples) hash.update(`${split}\0${placeOf(sample.path)}\0${targetsOf(sample).join()}\n`);
  }
  return hash.digest('hex');
}
