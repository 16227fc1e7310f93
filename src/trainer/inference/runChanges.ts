/** What changed in the dataset of a run since, or between two runs. */
import type { DatasetChanges } from '../../shared/datasetChanges.js';
import type { ImageList } from '../../shared/imageList.js';
import { loadConfig } from '../config/load.js';
import { rootOf } from '../data/dataset.js';
import { scanDataset } from '../data/scan.js';
import { errors } from '../errors/errors.js';
import { readVersion, versionOf } from '../runs/datasetVersion.js';
import { isRun, runConfig } from '../runs/runFolder.js';
import { versionChanges } from '../runs/versionChanges.js';
import { folderOf } from './runSplits.js';

/**
 * `later` is a run of the same dataset; without it the dataset is compared as it is now.
 * @throws UserError where one is no run, did not keep its images, or its dataset is gone.
 */
export async function runChanges(
  run: string,
  later?: string,
  signal?: AbortSignal,
): Promise<{ changes: DatasetChanges; list: ImageList }> {
  const was = await versionOfRun(run);
  const { dataset, seed } = (await loadConfig(runConfig(run))).config;
  const spec = await folderOf(dataset, undefined);
  if (spec === undefined) throw errors.noDatasetOfRun(run);
  const root = rootOf(spec);
  if (later !== undefined) return versionChanges(was, await versionOfRun(later), { root, comparesSplits: true });
  const now = await scanDataset(spec, { validationSplit: 0, seed, signal });
  const comparesSplits = now.splitOrigin === 'folders';
  return versionChanges(was, await versionOf(now, { known: was, signal }), { root: now.root, comparesSplits });
}

async function versionOfRun(run: string): Promise<ImageList> {
  if (!(await isRun(run))) throw errors.run.notRun(run);
  const version = await readVersion(run);
  if (!version) throw errors.run.noVersion(run);
  return version;
}
