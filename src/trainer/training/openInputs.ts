/** What a config names, opened: the model to start from, the dataset, and the checkpoint that a run resumes from. */
import { drawOf } from '../config/schema.js';
import { errors, UserError, type Place } from '../errors/errors.js';
import { timed } from '../core/stages.js';
import { isPlain, logitNames } from '../core/tasks.js';
import type { Dataset } from '../data/dataset.js';
import { scanDataset } from '../data/scan.js';
import { openBaseModel, type BaseModel } from '../models/baseModel.js';
import { readBaseReference, readProgress, type Progress } from '../models/checkpoint.js';
import { withHeadFor } from '../models/headByName.js';
import { provideDataset, provideModel } from '../models/hubSources.js';
import { fingerprint } from '../data/fingerprint.js';
import { groupColumnOf, splitByGroups } from '../insight/splitGroups.js';
import { readVersion, versionOf, writeVersion } from '../runs/datasetVersion.js';
import { lastCheckpoint } from '../runs/runFolder.js';
import { hasSplit, scanForRun, writeSplit } from '../runs/splitFile.js';
import { scanAgain } from './againSplit.js';
import type { RunContext } from './runContext.js';

export interface Inputs {
  base: BaseModel;
  /** The commit of a model on the hub. */
  revision: string | undefined;
  dataset: Dataset;
  /** Identifies its images and labels. */
  fingerprint: string;
  /** The commit of a dataset on the hub. */
  datasetRevision: string | undefined;
  /** How far the run was at the checkpoint that it resumes from. */
  reached: Progress | undefined;
}

/** A missing folder has no content to show; the place to show is the line of the config that names it, if any. */
function atConfig(error: unknown, place: Place): unknown {
  if (!(error instanceof UserError) || !place.file || !/^DATASET_(MISSING|NOT_FOLDER)$/.test(error.code)) return error;
  return error.at(place);
}

export async function openInputs({
  loaded,
  run,
  again,
  cacheFolder,
  resumeFrom,
  emit,
  notice,
  signal,
}: RunContext): Promise<Inputs> {
  const { config, placeOf } = loaded;
  const download = {
    signal,
    onProgress: (done: number, total: number) => emit({ type: 'progress', phase: 'download', done, total }),
  };
  // A resumed run continues with the commit that it was started on, wherever the branch is now.
  const earlier = resumeFrom ?? (again && (await lastCheckpoint(again.run)));
  const wanted =
    earlier === undefined ? config.revision : ((await readBaseReference(earlier)).revision ?? config.revision);
  const revision = await provideModel(config.model, wanted, {
    ...download,
    place: placeOf('model'),
    onRequest: (name, address) => notice(errors.hub.modelRequested(name, address).toInfo()),
    onNotice: (each) => notice(each.toInfo()),
  });
  const opened = await timed('model', () =>
    openBaseModel({ ...config, revision, place: placeOf('model'), outputPlace: placeOf('featureOutput') }),
  );
  opened.notices?.forEach((each) => notice(each.toInfo()));
  const reached = resumeFrom === undefined ? undefined : await readProgress(resumeFrom);
  const { folder: spec, commit: datasetRevision } =
    typeof config.dataset === 'string'
      ? await provideDataset(config.dataset, { ...download, place: placeOf('dataset') }, reached?.datasetRevision)
      : { folder: config.dataset, commit: undefined };
  const scan = async (): Promise<Dataset> => {
    const { split } = config;
    const { seed, validationSplit } = drawOf(config);
    // A resumed run validates on the images that it began with.
    const kept = (await hasSplit(run)) ? await scanForRun(run, config, spec, signal) : undefined;
    if (kept) return kept;
    if (again) {
      const dataset = await scanAgain(again.run, spec, { seed, signal });
      if (dataset.splitOrigin === 'seeded') await writeSplit(run, dataset);
      return dataset;
    }
    if (!split) return scanDataset(spec, { validationSplit, seed, signal });
    const whole = await scanDataset(spec, {
      validationSplit: 0,
      seed,
      signal,
      groupColumn: groupColumnOf(split.groupBy),
    });
    const drawn = await splitByGroups(whole, {
      ...split,
      validationSplit,
      seed,
      place: placeOf('split.groupBy'),
      cacheFolder,
      signal,
      onProgress: (phase, done, total) =>
        emit({ type: 'progress', phase: phase === 'look' ? 'decode' : 'features', done, total }),
      onNotice: notice,
    });
    await writeSplit(run, drawn);
    return drawn;
  };
  const dataset = await timed('scan', scan).catch((error: unknown) => {
    throw atConfig(error, placeOf('dataset'));
  });
  const content = fingerprint(dataset);
  // Before anything is built for these images: classes that were added change the shape of the head.
  if (reached && reached.dataset !== content) throw errors.datasetChanged(dataset.root);
  if (!(await readVersion(run))) {
    const known = again && (await readVersion(again.run));
    const onProgress = (done: number, total: number) => emit({ type: 'progress', phase: 'decode', done, total });
    await writeVersion(run, await timed('version', () => versionOf(dataset, { known, signal, onProgress })));
  }
  if (config.method.type === 'pretrained' && !isPlain(dataset.tasks))
    throw errors.neighborsNeedOneLabel(placeOf('method'));
  const { base, notice: headNotice } = withHeadFor(opened, logitNames(dataset.tasks));
  // A resumed run has the head of its checkpoint.
  if (headNotice && reached === undefined) notice(headNotice.toInfo());
  return { base, revision, dataset, fingerprint: content, datasetRevision, reached };
}
