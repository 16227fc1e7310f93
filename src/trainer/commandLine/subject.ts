/** What `audit` and `advise` are called on: a dataset with the split of a training, and models for its features. */
import { resolve } from 'node:path';
import { isConfigName } from '../../shared/configNames.js';
import { isThere } from '../core/files.js';
import { loadConfig, type LoadedConfig } from '../config/load.js';
import { drawOf } from '../config/schema.js';
import type { Dataset, DatasetSpec } from '../data/dataset.js';
import { scanDataset } from '../data/scan.js';
import type { AuditOptions } from '../insight/audit.js';
import { type FeatureModel, openFeatureModel } from '../insight/featureModel.js';
import { groupColumnOf, splitByGroups } from '../insight/splitGroups.js';
import { provideDataset, provideModel } from '../models/hubSources.js';
import { downloadStatus, type Output } from './output.js';

export interface Subject {
  spec: DatasetSpec;
  /** Where a config names the dataset. */
  loaded: LoadedConfig | undefined;
}

/** Of a dataset without a config: as every config has it where it does not say. */
const usual = { validationSplit: 0.2, seed: 42 };

const downloading = (output: Pick<Output, 'status'>, signal: AbortSignal) => ({
  signal,
  onProgress: (done: number, total: number): void => output.status(downloadStatus(done, total)),
});

/** A folder, a label file, a name on the hub or a config, brought to this machine. */
export async function openSubject(
  given: string,
  output: Pick<Output, 'status'>,
  signal: AbortSignal,
): Promise<Subject> {
  const loaded = isConfigName(given) ? await loadConfig(given) : undefined;
  const spec = loaded?.config.dataset ?? given;
  const folder = typeof spec === 'string' ? (await provideDataset(spec, downloading(output, signal))).folder : spec;
  return { spec: folder, loaded };
}

/** What a config in any folder calls the model: an absolute path where there is such a file, else its name. */
export async function modelReference(named: string): Promise<string> {
  const path = resolve(named);
  return named !== 'embedded' && (await isThere(path)) ? path : named;
}

/** A model by what `modelReference` gives, with what its files leave open as notices. */
export async function openNamedModel(
  named: string,
  output: Pick<Output, 'status' | 'problem'>,
  signal: AbortSignal,
): Promise<FeatureModel> {
  const revision = await provideModel(named, undefined, {
    ...downloading(output, signal),
    onNotice: (notice) => output.problem(notice.toInfo()),
  });
  const model = await openFeatureModel(named, revision);
  model.notices.forEach((notice) => output.problem(notice.toInfo()));
  return model;
}

/** The dataset with the split that a training has by this config. */
export async function datasetOf({ spec, loaded }: Subject, watching: Omit<AuditOptions, 'model'>): Promise<Dataset> {
  const { validationSplit, seed } = loaded ? drawOf(loaded.config) : usual;
  const split = loaded?.config.split;
  const { signal } = watching;
  if (!split) return scanDataset(spec, { validationSplit, seed, signal });
  const whole = await scanDataset(spec, {
    validationSplit: 0,
    seed,
    signal,
    groupColumn: groupColumnOf(split.groupBy),
  });
  return splitByGroups(whole, {
    ...split,
    ...watching,
    validationSplit,
    seed,
    place: loaded!.placeOf('split.groupBy'),
  });
}
