/** The evaluation of a checkpoint on a folder of labelled images. */
import { scanDataset } from '../data/scan.js';
import { Samples } from '../data/samples.js';
import { ImageStore } from '../data/store.js';
import type { CoveredEvaluation, ErrorInfo, EvaluatedImage } from '../protocol.js';
import { countLabels, spansOf } from '../core/tasks.js';
import { errors } from '../errors/errors.js';
import { cacheLimit } from '../runs/cacheFolder.js';
import { writeImageList } from '../data/datasetList.js';
import { Classifier } from './classifier.js';
import { EvaluatedList } from './evaluatedList.js';
import { crossEntropy } from './metrics.js';
import { datasetOfRun, imagesToEvaluate, runSplitsOf, type EvaluatedImages } from './runSplits.js';
import { TaskMetrics } from './taskMetrics.js';

export interface EvaluateOptions {
  /** Checkpoint folder. */
  checkpoint: string;
  /** Undefined: that of the checkpoint's run. */
  dataset?: string | undefined;
  /** Default: those held out. */
  images?: EvaluatedImages;
  cacheFolder: string;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
  /** Each image with its prediction, in order. */
  onImage?: (image: EvaluatedImage) => void;
  /** A file for the list of all images with their labels and predictions; see `shared/imageList.ts`. */
  list?: string;
}

/** `logits` and `targets` [labels of all tasks] of one image. */
function predictionsOf(classifier: Classifier, logits: Float32Array, targets: Float32Array): EvaluatedImage['answers'] {
  const { predictions, tasks = [{ task: classifier.tasks[0]!.name, predictions }] } = classifier.answer(logits, 1);
  return spansOf(classifier.tasks).flatMap(({ task, start, end }, i) => {
    const label = targets.subarray(start, end).indexOf(1);
    const truth = task.labels[label];
    if (task.multiLabel || truth === undefined) return [];
    const loss = crossEntropy(logits.subarray(start, end), label);
    return [{ task: task.name, truth, prediction: tasks[i]!.predictions[0]!, loss }];
  });
}

/**
 * Evaluates on the held-out images of the dataset, as `imagesToEvaluate` chooses them, or on all.
 * @throws UserError where the run was trained on all of them, and they were not requested.
 */
export async function evaluate(o: EvaluateOptions): Promise<CoveredEvaluation & { problems: ErrorInfo[] }> {
  const classifier = await Classifier.open(o.checkpoint, 'many');
  try {
    const { tasks, batch: batchSize } = classifier;
    const spec = o.dataset ?? (await datasetOfRun(o.checkpoint));
    if (spec === undefined) throw errors.noDatasetOfRun(o.checkpoint);
    const dataset = await scanDataset(spec, { validationSplit: 0, seed: 0, tasks, signal: o.signal });
    const splits = await runSplitsOf(o.checkpoint, o.signal);
    const { images, part } = await imagesToEvaluate(dataset, splits, o.images ?? 'heldOut');
    const only = { ...dataset, splits: { train: new Samples(), validation: new Samples(), test: images } };
    const coverage = { train: 0, validation: 0, test: 0, other: 0, split: splits.split };
    const skipped: ErrorInfo[] = [];
    const store = await ImageStore.open({
      cacheFolder: o.cacheFolder,
      cacheBytes: cacheLimit('images'),
      dataset: only,
      transform: classifier.transform,
      onSkipped: (reason) => skipped.push(reason),
    });
    try {
      const metrics = new TaskMetrics(tasks);
      const list = o.list === undefined ? undefined : new EvaluatedList(tasks);
      const total = store.splits.test.length;
      let done = 0;
      for await (const batch of store.evaluationBatches('test', batchSize, o.signal)) {
        o.signal?.throwIfAborted();
        done = Math.min(total, done + batchSize);
        o.onProgress?.(done, total);
        if (!batch.count) continue;
        const logits = await classifier.logits(batch.images);
        metrics.add(logits, batch.targets, batch.count);
        for (const sample of batch.samples) coverage[part(store.splits.test.pathAt(sample)) ?? 'other']++;
        for (let row = 0; (o.onImage || list) && row < batch.count; row++) {
          const path = store.splits.test.pathAt(batch.samples[row]!);
          const own = (values: Float32Array) =>
            values.subarray(row * countLabels(tasks), (row + 1) * countLabels(tasks));
          const answers = predictionsOf(classifier, own(logits), own(batch.targets));
          list?.add(path, part(path), own(batch.targets), own(logits), answers);
          o.onImage?.({ type: 'picture', path, answers });
        }
      }
      if (o.list !== undefined && list) await writeImageList(o.list, list.list());
      return {
        ...metrics.result(),
        coverage,
        problems: [...classifier.notices.map((each) => each.toInfo()), ...dataset.problems, ...skipped],
      };
    } finally {
      await store.close();
    }
  } finally {
    await classifier.dispose();
  }
}
