/** The labelled images on which an export's precision is chosen, and those on which the result is measured. */
import type { Coverage, ErrorInfo } from '../protocol.js';
import { scanDataset } from '../data/scan.js';
import { Samples } from '../data/samples.js';
import { ImageStore, type Batch } from '../data/store.js';
import { errors } from '../errors/errors.js';
import { datasetOfRun, imagesToEvaluate, runSplitsOf } from '../inference/runSplits.js';
import type { LoadedCheckpoint } from '../models/checkpoint.js';
import { modelSpecOf } from '../models/modelSpec.js';
import { imagesAtOnce } from '../models/partSize.js';
import { cacheFolder, cacheLimit } from '../runs/cacheFolder.js';

/** Choosing looks at so many images again and again, so their pixels are kept; more would hardly change a choice. */
const mostChosen = 512;

export interface MeasuredImages {
  /** Those to choose by, kept: validation images of the run, or of a dataset without a run all held out. */
  chosen: readonly Batch[];
  /** Those to measure on, read when they are needed: test images of the run, else its validation images. */
  measured(): AsyncGenerator<Batch, void, undefined>;
  pathOf(sample: number): string;
  measuredCount: number;
  coverage: Coverage;
  close(): Promise<void>;
}

/** The evenly spread `count` of the images. */
const spread = (images: Samples, count: number): Samples =>
  images.filter((row) => {
    const place = (each: number) => Math.floor((each * count) / images.length);
    return images.length <= count || place(row) !== place(row - 1);
  });

/**
 * Opens them: those of `dataset`, or by default of the run's own.
 * @throws UserError where there are none that the model was not trained on.
 */
export async function openMeasuredImages(
  model: LoadedCheckpoint,
  {
    checkpoint,
    dataset: given,
    signal,
    onProblem,
  }: { checkpoint: string; dataset?: string | undefined; signal?: AbortSignal; onProblem?: (info: ErrorInfo) => void },
): Promise<MeasuredImages> {
  const spec = given ?? (await datasetOfRun(checkpoint));
  if (spec === undefined) throw errors.quantization.noDataset(checkpoint);
  const dataset = await scanDataset(spec, { validationSplit: 0, seed: 0, tasks: model.tasks, signal });
  const splits = await runSplitsOf(checkpoint, signal);
  const { images: test, part } = await imagesToEvaluate(dataset, splits, 'heldOut');
  const all = [...dataset.splits.test, ...dataset.splits.validation, ...dataset.splits.train];
  const validation = Samples.of(all.filter(({ path }) => part(path) === 'validation'));
  if (!test.length) throw errors.quantization.noImages(dataset.root);
  const store = await ImageStore.open({
    cacheFolder: cacheFolder(),
    cacheBytes: cacheLimit('images'),
    dataset: {
      ...dataset,
      splits: { train: new Samples(), validation: spread(validation.length ? validation : test, mostChosen), test },
    },
    transform: model.preprocessor.transform,
    onSkipped: onProblem,
  });
  try {
    const batchSize = imagesAtOnce(modelSpecOf(model));
    const chosen: Batch[] = [];
    for await (const batch of store.evaluationBatches('validation', batchSize, signal))
      if (batch.count) chosen.push(batch);
    if (!chosen.length) throw errors.quantization.noImages(dataset.root);
    const coverage: Coverage = { train: 0, validation: 0, test: 0, other: 0, split: splits.split };
    for (const { path } of store.splits.test) coverage[part(path) ?? 'other']++;
    return {
      chosen,
      measured: () => store.evaluationBatches('test', batchSize, signal),
      pathOf: (sample) => store.splits.test.pathAt(sample),
      measuredCount: store.splits.test.length,
      coverage,
      close: () => store.close(),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
