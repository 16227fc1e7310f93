/** A name that trainings have in common which compute the same, whatever their files are called. */
import { createHash } from 'node:crypto';
import type { TrainConfig } from '../config/schema.js';
import type { Dataset } from '../data/dataset.js';

/** What a training computes does not depend on where it is written, and what is tested of it later. */
export function trainingName(
  { output: _, tests: _1, $schema: _2, ...config }: TrainConfig,
  { splits: { train, validation, test } }: Dataset,
): string {
  const images = train.length + validation.length + test.length;
  return createHash('sha256')
    .update(JSON.stringify([config, images]))
    .digest('hex')
    .slice(0, 16);
}
