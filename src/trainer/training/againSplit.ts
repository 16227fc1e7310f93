/** The dataset of a run that trains again: as it is now, with the validation images of the earlier run. */
import { logitNames } from '../core/tasks.js';
import type { Dataset, DatasetSpec, ScanOptions } from '../data/dataset.js';
import { targetsOf } from '../data/sample.js';
import { scanDataset } from '../data/scan.js';
import { errors } from '../errors/errors.js';
import { partsOf, readVersion } from '../runs/datasetVersion.js';
import { withValidation } from '../runs/splitFile.js';

/**
 * New images are for training. Where folders or a column say the split, they say it here too.
 * @throws UserError where it is not known which images those were, or none is left.
 */
export async function scanAgain(
  earlier: string,
  spec: DatasetSpec,
  { seed, signal }: Pick<ScanOptions, 'seed' | 'signal'>,
): Promise<Dataset> {
  const whole = await scanDataset(spec, { validationSplit: 0, seed, signal });
  if (whole.splitOrigin === 'folders') return whole;
  const version = await readVersion(earlier);
  if (!version) throw errors.run.noVersion(earlier);
  const parts = await partsOf(version, whole, { signal });
  const dataset = withValidation(whole, (path) => parts.get(path) === 'validation');
  if (!dataset.splits.validation.length) throw errors.run.validationGone(earlier);
  const validated = new Set([...dataset.splits.validation].flatMap(targetsOf));
  const left = logitNames(dataset.tasks).filter((_, target) => !validated.has(target));
  if (left.length) dataset.problems.push(errors.classNotValidated(dataset.root, left).toInfo());
  return dataset;
}
