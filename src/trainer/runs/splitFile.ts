/**
 * `split.json` in a run folder: the validation images of a run whose split keeps groups of images together, or that has
 * the validation images of an earlier run.
 */
import { join, relative, sep } from 'node:path';
import * as z from 'zod';
import { runFiles } from '../../shared/runFolder.js';
import { writeFileAtomically } from '../checkpoint/store.js';
import { drawOf, type TrainConfig } from '../config/schema.js';
import { isMissing, isThere, readTextInput } from '../core/files.js';
import { parseJson } from '../core/json.js';
import type { Dataset, DatasetSpec } from '../data/dataset.js';
import type { Samples } from '../data/samples.js';
import { scanDataset } from '../data/scan.js';
import { errors, reasonOf } from '../errors/errors.js';

const schema = z.object({ format: z.literal(1), validation: z.array(z.string()) });

/** Paths are written with / on every system, so that a project can move. */
export const placeIn = (root: string, path: string): string => relative(root, path).split(sep).join('/');

/** The same of many paths, of which most begin with the root. */
export function placesIn(root: string): (path: string) => string {
  const start = join(root, sep);
  return (path) => (path.startsWith(start) ? path.slice(start.length).split(sep).join('/') : placeIn(root, path));
}

export const hasSplit = (run: string): Promise<boolean> => isThere(join(run, runFiles.split));

/**
 * The dataset of a run, divided as the run divided it; undefined where its list of validation images is missing.
 * @throws UserError where the dataset cannot be read, or that list is damaged.
 */
export async function scanForRun(
  run: string,
  { split, ...config }: Pick<TrainConfig, 'seed' | 'split' | 'splitSeed' | 'validationSplit'>,
  spec: DatasetSpec,
  signal?: AbortSignal,
): Promise<Dataset | undefined> {
  const isListed = split !== undefined || (await hasSplit(run));
  const { validationSplit, seed } = drawOf(config);
  const scanned = await scanDataset(spec, { validationSplit: isListed ? 0 : validationSplit, seed, signal });
  return isListed ? withSplitOf(run, scanned) : scanned;
}

export async function writeSplit(run: string, { root, splits }: Dataset): Promise<void> {
  const validation = [...splits.validation].map(({ path }) => placeIn(root, path));
  await writeFileAtomically(join(run, runFiles.split), `${JSON.stringify({ format: 1, validation })}\n`);
}

/**
 * The dataset, whose images are all for training or testing, with the validation images of the run; undefined where the
 * run has no such file.
 * @throws UserError when it is damaged.
 */
export async function withSplitOf(run: string, dataset: Dataset): Promise<Dataset | undefined> {
  const file = join(run, runFiles.split);
  const text = await readTextInput(file).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw errors.fileUnreadable(file, reasonOf(error));
  });
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parsedOr(text));
  if (!parsed.success) throw errors.run.damaged(file, z.prettifyError(parsed.error).replaceAll(/\s+/g, ' '));
  const named = new Set(parsed.data.validation);
  const placeOf = placesIn(dataset.root);
  return withValidation(dataset, (path) => named.has(placeOf(path)));
}

/** The dataset with those of its training images for validation of which `isValidation` says so. */
export function withValidation(dataset: Dataset, isValidation: (path: string) => boolean): Dataset {
  const all: Samples = dataset.splits.train;
  const isNamed = (row: number): boolean => isValidation(all.pathAt(row));
  return {
    ...dataset,
    splits: {
      ...dataset.splits,
      train: all.filter((row) => !isNamed(row)),
      validation: all.filter(isNamed),
    },
  };
}

function parsedOr(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
