/** Computes the calibration of a saved checkpoint: the validation and training images of its run are asked again. */
import { dirname, join } from 'node:path';
import type { Calibration } from '../../shared/calibration.js';
import type { Dataset } from '../data/dataset.js';
import { plainOrder, ImageStore } from '../data/store.js';
import { loadConfig } from '../config/load.js';
import { fingerprint } from '../data/fingerprint.js';
import { isThere } from '../core/files.js';
import { errors } from '../errors/errors.js';
import { writeCalibration } from '../models/calibrationFile.js';
import { hashOfWeights, readProgress } from '../models/checkpoint.js';
import { writeOutcomes } from '../models/outcomesFile.js';
import type { ErrorInfo, SplitName } from '../protocol.js';
import { cacheLimit } from '../runs/cacheFolder.js';
import { runConfig } from '../runs/runFolder.js';
import { placeIn, scanForRun } from '../runs/splitFile.js';
import { Answers } from './answers.js';
import { bankLabel, chooseForBank, collectBank, mostInBank } from './bank.js';
import { calibrate } from './calibrate.js';
import { Classifier } from './classifier.js';
import { folderOf } from './runSplits.js';

export interface CalibrateCheckpointOptions {
  /** A checkpoint folder of ViTune. */
  checkpoint: string;
  /** The images of its run, where they are not where its config says. */
  dataset?: string | undefined;
  /** The share of validation images to accept as known; by default that of the run's config. */
  accepted?: number | undefined;
  cacheFolder: string;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
  onProblem?: (problem: ErrorInfo) => void;
}

const usualShare = 0.95;

/** What the run's config says of its images; the defaults for a checkpoint that was moved away from its run. */
async function settingsOf({ checkpoint, dataset, accepted, signal }: CalibrateCheckpointOptions) {
  const file = runConfig(dirname(dirname(checkpoint)));
  const { datasetRevision } = await readProgress(checkpoint);
  const config = (await isThere(file)) ? (await loadConfig(file)).config : undefined;
  const spec = dataset ?? (config && (await folderOf(config.dataset, datasetRevision)));
  if (spec === undefined) throw errors.calibration.noDataset(checkpoint);
  const { validationSplit = 0.2, seed = 42, split, splitSeed } = config ?? {};
  return {
    async scan(): Promise<Dataset> {
      const dataset = await scanForRun(dirname(file), { validationSplit, seed, split, splitSeed }, spec, signal);
      if (!dataset) throw errors.calibration.noDataset(checkpoint);
      return dataset;
    },
    seed,
    accepted: accepted ?? config?.acceptedShare ?? usualShare,
  };
}

/** @throws UserError where the dataset is not that of the run, so that its validation images may be trained on. */
async function requireSame(dataset: Dataset, checkpoint: string): Promise<void> {
  if (fingerprint(dataset) !== (await readProgress(checkpoint)).dataset) throw errors.datasetChanged(dataset.root);
}

/** Computes and writes the calibration. Throws a `UserError` where the images are not there or have changed. */
export async function calibrateCheckpoint(
  o: CalibrateCheckpointOptions,
): Promise<Pick<Calibration, 'tasks' | 'unknown'>> {
  const { checkpoint, signal, onProgress, onProblem } = o;
  if (!(await isThere(join(checkpoint, 'vitune.json')))) throw errors.calibration.foreign(checkpoint);
  const { scan, seed, accepted } = await settingsOf(o);
  const dataset = await scan();
  await requireSame(dataset, checkpoint);
  const classifier = await Classifier.open(checkpoint, 'many', { embeds: true });
  const store = await ImageStore.open({
    cacheFolder: o.cacheFolder,
    cacheBytes: cacheLimit('images'),
    dataset,
    transform: classifier.transform,
    onSkipped: onProblem,
  });
  try {
    const { tasks, batch: size } = classifier;
    const { train, validation, test } = store.splits;
    if (!validation.length) throw errors.calibration.noImages(dataset.root);
    const answers = new Answers(tasks, validation.length);
    const tested = test.length ? new Answers(tasks, test.length, { keeps: false }) : undefined;
    let done = 0;
    let total = validation.length + test.length + train.length;
    const batchesOf = async function* (split: SplitName, order: Uint32Array) {
      for await (const batch of store.batchesOf(split, order, size, undefined, signal)) {
        yield batch;
        onProgress?.(Math.min(total, (done += batch.samples.length)), total);
      }
    };
    for await (const batch of batchesOf('validation', plainOrder(validation.length)))
      if (batch.count) answers.add(await classifier.infer(batch.images), batch);
    for await (const batch of batchesOf('test', plainOrder(test.length)))
      if (batch.count) tested?.add(await classifier.infer(batch.images), batch);
    const width = answers.embeddings[0]?.length;
    if (width === undefined) throw errors.calibration.noImages(dataset.root);
    const labelOf = (image: number): number => bankLabel(train.labelsAt(image), tasks);
    const chosen = chooseForBank(plainOrder(train.length), labelOf, mostInBank(width), seed);
    total = done + chosen.length;
    const bank = await collectBank(batchesOf('train', chosen), (images) => classifier.infer(images), {
      width,
      labelOf,
      pathOf: (image) => placeIn(dataset.root, train.pathAt(image)),
    });
    const found = await calibrate(tasks, answers, { bank, accepted });
    const model = await hashOfWeights(checkpoint);
    await writeCalibration(checkpoint, { model, ...found }, found.unknown ? bank : undefined);
    const splits = { validation: answers.outcomes(), ...(tested && { test: tested.outcomes() }) };
    await writeOutcomes(checkpoint, { dataset: fingerprint(dataset), splits });
    return found;
  } finally {
    await store.close();
    await classifier.dispose();
  }
}
