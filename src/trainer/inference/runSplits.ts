/** How the run of a checkpoint divided its images, so that an evaluation knows which of them it was trained on. */
import { realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { loadConfig } from '../config/load.js';
import type { Dataset, DatasetSpec } from '../data/dataset.js';
import { Samples } from '../data/samples.js';
import { fingerprint } from '../data/fingerprint.js';
import { errors, UserError } from '../errors/errors.js';
import { findDataset } from '../hub/download.js';
import { hubCache } from '../hub/hubSettings.js';
import { parseHubName } from '../hub/repository.js';
import { readProgress } from '../models/checkpoint.js';
import { hubPrefix } from '../models/hubSources.js';
import type { Coverage, SplitName } from '../protocol.js';
import { runConfig } from '../runs/runFolder.js';
import { partsOf, readVersion } from '../runs/datasetVersion.js';
import { scanForRun } from '../runs/splitFile.js';

export interface RunSplits {
  split: Coverage['split'];
  /** What the run used an image for; undefined for one that it does not have. */
  partOf(path: string): SplitName | undefined;
}

const none: RunSplits = { split: 'unknown', partOf: () => undefined };

/** A path as it is known whatever links lead to its dataset. */
async function placesIn(root: string): Promise<(path: string) => string> {
  const real = await realpath(root).catch(() => root);
  const start = join(root, sep);
  return (path) => (path.startsWith(start) ? join(real, path.slice(start.length)) : path);
}

/** The dataset of a run as it is on disk now; undefined for one of the hub that is not in the cache. */
export async function folderOf(dataset: DatasetSpec, revision: string | undefined): Promise<DatasetSpec | undefined> {
  if (typeof dataset !== 'string' || !dataset.startsWith(hubPrefix)) return dataset;
  const repository = parseHubName(dataset.slice(hubPrefix.length));
  return repository && (await findDataset({ ...repository, revision }, hubCache()))?.folder;
}

/** The dataset of the run that `checkpoint` belongs to; undefined where it belongs to none, or where that is gone. */
export async function datasetOfRun(checkpoint: string): Promise<DatasetSpec | undefined> {
  const file = runConfig(dirname(dirname(checkpoint)));
  if (!(await stat(file).catch(() => undefined))) return undefined;
  const { config } = await loadConfig(file);
  return folderOf(config.dataset, (await readProgress(checkpoint)).datasetRevision);
}

/**
 * The split of the run that `checkpoint` belongs to, made again from its config as the run made it; where its images
 * have changed since, that of the version it was started on. It is not known for a model without a run, where the run's
 * images are gone, and where they have changed, the split was drawn and the run is from before versions were kept.
 */
export async function runSplitsOf(checkpoint: string, signal?: AbortSignal): Promise<RunSplits> {
  const file = runConfig(dirname(dirname(checkpoint)));
  if (!(await stat(file).catch(() => undefined))) return none;
  try {
    const { config } = await loadConfig(file);
    const progress = await readProgress(checkpoint);
    const spec = await folderOf(config.dataset, progress.datasetRevision);
    if (spec === undefined) return none;
    const run = dirname(file);
    const dataset = await scanForRun(run, config, spec, signal);
    if (!dataset) return none;
    if (fingerprint(dataset) === progress.dataset) return await splitsOf(dataset.root, splitNamesOf(dataset));
    const version = await readVersion(run);
    if (version) return await splitsOf(dataset.root, await partsOf(version, dataset, { signal }));
    return dataset.splitOrigin === 'folders'
      ? await splitsOf(dataset.root, splitNamesOf(dataset))
      : { ...none, split: 'changed' };
  } catch (error) {
    if (error instanceof UserError) return none;
    throw error;
  }
}

function* splitNamesOf({ splits }: Dataset): Generator<[path: string, split: SplitName]> {
  for (const split of ['train', 'validation', 'test'] as const)
    for (const { path } of splits[split]) yield [path, split];
}

async function splitsOf(root: string, parts: Iterable<[path: string, split: SplitName]>): Promise<RunSplits> {
  const placeOf = await placesIn(root);
  const byPlace = new Map<string, SplitName>();
  for (const [path, split] of parts) byPlace.set(placeOf(path), split);
  return { split: 'known', partOf: (path) => byPlace.get(path) };
}

/** `heldOut`: images that the run was not trained on; the name of a split: the run's images of it. */
export type EvaluatedImages = 'heldOut' | 'all' | 'validation' | 'test';

/**
 * The images of `dataset` to evaluate on, with the run's part of each. Those held out are its test images where it has
 * such, else its validation images, else the others, without those that the run was trained on.
 * @throws UserError where the run was trained on all of them, and where those of its split are not known.
 */
export async function imagesToEvaluate(dataset: Dataset, { split, partOf }: RunSplits, wanted: EvaluatedImages) {
  const placeOf = await placesIn(dataset.root);
  const part = (path: string): SplitName | undefined => partOf(placeOf(path));
  const { train, validation, test } = dataset.splits;
  if (wanted !== 'heldOut') {
    const images = new Samples();
    for (const { path, ...labels } of [...test, ...validation, ...train])
      if (wanted === 'all' || part(path) === wanted) images.push(path, labels);
    if (wanted !== 'all' && (split !== 'known' || !images.length)) throw errors.splitUnknown(dataset.root, wanted);
    return { images, part };
  }
  for (const samples of [test, validation, train]) {
    const images = samples.filter((row) => part(samples.pathAt(row)) !== 'train');
    if (images.length) return { images, part };
  }
  const trained = test.length + validation.length + train.length;
  if (trained) throw errors.onlyTrainingImages(dataset.root, trained);
  return { images: test, part };
}
