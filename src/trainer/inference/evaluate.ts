/** The evaluation of a checkpoint on a folder of labelled images. */
import type { Dataset, DatasetSpec } from '../data/dataset.js';
import { scanDataset } from '../data/scan.js';
import { Samples } from '../data/samples.js';
import { ImageStore } from '../data/store.js';
import type {
  Coverage,
  CoveredEvaluation,
  DeviceName,
  ErrorInfo,
  EvaluatedImage,
  SplitName,
  Task,
} from '../protocol.js';
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
  dataset?: DatasetSpec | undefined;
  /** Default: those held out. */
  images?: EvaluatedImages;
  cacheFolder: string;
  /** The share of the validation images that counts as known; by default that of the calibration. */
  accepted?: number | undefined;
  /** Default: the CPU. */
  device?: DeviceName;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
  /** Each image with its prediction, in order, and what the checkpoint's run used it for. */
  onImage?: ((image: EvaluatedImage, part: SplitName | undefined) => void) | undefined;
  /** A file for the list of all images with their labels and predictions; see `shared/imageList.ts`. */
  list?: string;
}

/** `outcomes`: which images, by path, the first task was answered right of. */
export type Evaluated = CoveredEvaluation & { problems: ErrorInfo[]; outcomes: ReadonlyMap<string, boolean> };

/** Of what was inferred of one image, and its `targets` [labels of all tasks]. */
function predictionsOf(
  classifier: Classifier,
  inferred: Inferred,
  targets: Float32Array,
  accepted: number | undefined,
): Pick<EvaluatedImage, 'answers' | 'unknown'> {
  const { predictions, unknown, ...more } = classifier.answer(inferred, { top: 1, accepted });
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

/** The images that an evaluation covers, what the run used each for, and whether its split is known. */
export interface Found {
  dataset: Dataset;
  images: Samples;
  part: (path: string) => SplitName | undefined;
  split: Coverage['split'];
}

/**
 * The images of a dataset that an evaluation covers, as `imagesToEvaluate` chooses them, labelled in the model's tasks.
 * @throws UserError where there is none.
 */
export async function findEvaluated(
  tasks: readonly Task[],
  o: Pick<EvaluateOptions, 'checkpoint' | 'dataset' | 'images' | 'signal'>,
): Promise<Found> {
  const spec = o.dataset ?? (await datasetOfRun(o.checkpoint));
  if (spec === undefined) throw errors.noDatasetOfRun(o.checkpoint);
  const dataset = await scanDataset(spec, { validationSplit: 0, seed: 0, tasks, signal: o.signal });
  const splits = await runSplitsOf(o.checkpoint, o.signal);
  return { dataset, split: splits.split, ...(await imagesToEvaluate(dataset, splits, o.images ?? 'heldOut')) };
}

/**
 * Evaluates on the held-out images of the dataset, as `imagesToEvaluate` chooses them, or on all.
 * @throws UserError where the run was trained on all of them, and they were not requested.
 */
export async function evaluate(o: EvaluateOptions): Promise<Evaluated> {
  const classifier = await Classifier.open(o.checkpoint, 'many', { device: o.device });
  try {
    return await evaluateOpen(classifier, o);
  } finally {
    await classifier.dispose();
  }
}

/** The same with a classifier that is open, and stays so, and perhaps of images that are found already. */
export async function evaluateOpen(classifier: Classifier, o: EvaluateOptions, found?: Found): Promise<Evaluated> {
  const { tasks, batch: batchSize } = classifier;
  const { dataset, images, part, split } = found ?? (await findEvaluated(tasks, o));
  const only = { ...dataset, splits: { train: new Samples(), validation: new Samples(), test: images } };
  const coverage = { train: 0, validation: 0, test: 0, other: 0, split };
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
    let unknown = 0;
    for await (const batch of store.evaluationBatches('test', batchSize, o.signal)) {
      o.signal?.throwIfAborted();
      done = Math.min(total, done + batchSize);
      o.onProgress?.(done, total);
      if (!batch.count) continue;
      const inferred = await classifier.infer(batch.images);
      metrics.add(inferred.logits, batch.targets, batch.count);
      answers.add(inferred, batch);
      for (const sample of batch.samples) coverage[part(store.splits.test.pathAt(sample)) ?? 'other']++;
      for (let row = 0; (o.onImage || list || classifier.knowsUnknown) && row < batch.count; row++) {
        const path = store.splits.test.pathAt(batch.samples[row]!);
        const own = (values: Float32Array, width = countLabels(tasks)) =>
          values.subarray(row * width, (row + 1) * width);
        const { logits, embedding } = inferred;
        const image = { logits: own(logits), embedding: own(embedding, embedding.length / batchSize) };
        const predicted = predictionsOf(classifier, image, own(batch.targets), o.accepted);
        if (predicted.unknown?.isUnknown) unknown++;
        list?.add(path, part(path), own(batch.targets), own(logits), predicted);
        o.onImage?.({ type: 'picture', path, ...predicted }, part(path));
      }
    }
    if (o.list !== undefined && list) await writeImageList(o.list, list.list());
    return {
      ...metrics.result(),
      coverage,
      ...(classifier.knowsUnknown && { unknown }),
      outcomes: outcomesOf(store.splits.test, answers),
      problems: [...classifier.notices.map((each) => each.toInfo()), ...dataset.problems, ...skipped],
    };
  } finally {
    await store.close();
  }
}
