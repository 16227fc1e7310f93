/** The evaluation of a checkpoint on a folder of labelled images. */
import { scanDataset } from '../data/scan.js';
import { Samples } from '../data/samples.js';
import { ImageStore } from '../data/store.js';
import type { CoveredEvaluation, ErrorInfo, EvaluatedImage } from '../protocol.js';
import { countLabels, spansOf } from '../core/tasks.js';
import { errors } from '../errors/errors.js';
import { cacheLimit } from '../runs/cacheFolder.js';
import { writeImageList } from '../data/datasetList.js';
import { Answers, type Inferred } from './answers.js';
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

/** Of what was inferred of one image, and its `targets` [labels of all tasks]. */
function predictionsOf(
  classifier: Classifier,
  inferred: Inferred,
  targets: Float32Array,
): Pick<EvaluatedImage, 'answers' | 'unknown'> {
  const { predictions, unknown, ...more } = classifier.answer(inferred, { top: 1 });
  const { tasks = [{ task: classifier.tasks[0]!.name, predictions }] } = more;
  const answers = spansOf(classifier.tasks).flatMap(({ task, start, end }, i) => {
    const label = targets.subarray(start, end).indexOf(1);
    const truth = task.labels[label];
    if (task.multiLabel || truth === undefined) return [];
    const loss = crossEntropy(inferred.logits.subarray(start, end), label);
    return [{ task: task.name, truth, prediction: tasks[i]!.predictions[0]!, loss }];
  });
  return { answers, ...(unknown && { unknown }) };
}

/** Which images, by path, the first task was answered right of; without those that have no label for it. */
function outcomesOf(images: Samples, answers: Answers): ReadonlyMap<string, boolean> {
  const [letters] = answers.outcomes();
  const found = new Map<string, boolean>();
  for (let i = 0; i < images.length; i++) if (letters![i] !== '-') found.set(images.pathAt(i), letters![i] === '1');
  return found;
}

/**
 * Evaluates on the held-out images of the dataset, as `imagesToEvaluate` chooses them, or on all.
 * @throws UserError where the run was trained on all of them, and they were not requested.
 */
export async function evaluate(
  o: EvaluateOptions,
): Promise<CoveredEvaluation & { problems: ErrorInfo[]; outcomes: ReadonlyMap<string, boolean> }> {
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
      const metrics = new TaskMetrics(tasks, classifier.calibration?.tasks);
      const list = o.list === undefined ? undefined : new EvaluatedList(tasks, classifier.calibration?.tasks);
      const total = store.splits.test.length;
      const answers = new Answers(tasks, total, { keeps: false, calibration: classifier.calibration?.tasks });
      let done = 0;
      for await (const batch of store.evaluationBatches('test', batchSize, o.signal)) {
        o.signal?.throwIfAborted();
        done = Math.min(total, done + batchSize);
        o.onProgress?.(done, total);
        if (!batch.count) continue;
        const inferred = await classifier.infer(batch.images);
        metrics.add(inferred.logits, batch.targets, batch.count);
        answers.add(inferred, batch);
        for (const sample of batch.samples) coverage[part(store.splits.test.pathAt(sample)) ?? 'other']++;
        for (let row = 0; (o.onImage || list) && row < batch.count; row++) {
          const path = store.splits.test.pathAt(batch.samples[row]!);
          const own = (values: Float32Array, width = countLabels(tasks)) =>
            values.subarray(row * width, (row + 1) * width);
          const { logits, embedding } = inferred;
          const image = { logits: own(logits), embedding: own(embedding, embedding.length / batchSize) };
          const predicted = predictionsOf(classifier, image, own(batch.targets));
          list?.add(path, part(path), own(batch.targets), own(logits), predicted.answers);
          o.onImage?.({ type: 'picture', path, ...predicted });
        }
      }
      if (o.list !== undefined && list) await writeImageList(o.list, list.list());
      return {
        ...metrics.result(),
        coverage,
        outcomes: outcomesOf(store.splits.test, answers),
        problems: [...classifier.notices.map((each) => each.toInfo()), ...dataset.problems, ...skipped],
      };
    } finally {
      await store.close();
    }
  } finally {
    await classifier.dispose();
  }
}
