/** The evaluation of a checkpoint on a folder of labelled images. */
import { scanDataset } from '../data/scan.js';
import { Samples } from '../data/samples.js';
import { ImageStore } from '../data/store.js';
import type { ErrorInfo, EvaluatedImage, Evaluation } from '../protocol.js';
import { countLabels, spansOf } from '../core/tasks.js';
import { cacheLimit } from '../runs/cacheFolder.js';
import { Classifier } from './classifier.js';
import { TaskMetrics } from './taskMetrics.js';

export interface EvaluateOptions {
  /** Checkpoint folder. */
  checkpoint: string;
  dataset: string;
  cacheFolder: string;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
  /** Each image with its prediction, in order. */
  onImage?: (image: EvaluatedImage) => void;
}

/** `logits` and `targets` [labels of all tasks] of one image. */
function predictionsOf(classifier: Classifier, logits: Float32Array, targets: Float32Array): EvaluatedImage['answers'] {
  const { predictions, tasks = [{ task: classifier.tasks[0]!.name, predictions }] } = classifier.answer(logits, 1);
  return spansOf(classifier.tasks).flatMap(({ task, start, end }, i) => {
    const truth = task.labels[targets.subarray(start, end).indexOf(1)];
    return task.multiLabel || truth === undefined
      ? []
      : [{ task: task.name, truth, prediction: tasks[i]!.predictions[0]! }];
  });
}

/** Evaluates on the folder's test images where it has such, else on its validation images, else on all. */
export async function evaluate(o: EvaluateOptions): Promise<Evaluation & { skipped: ErrorInfo[] }> {
  const classifier = await Classifier.open(o.checkpoint, 'many');
  try {
    const { tasks, batch: batchSize } = classifier;
    const dataset = await scanDataset(o.dataset, { validationSplit: 0, seed: 0, tasks, signal: o.signal });
    const split = (['test', 'validation', 'train'] as const).find((name) => dataset.splits[name].length) ?? 'test';
    const only = {
      ...dataset,
      splits: { train: new Samples(), validation: new Samples(), test: dataset.splits[split] },
    };
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
      const total = store.splits.test.length;
      let done = 0;
      for await (const batch of store.evaluationBatches('test', batchSize, o.signal)) {
        o.signal?.throwIfAborted();
        done = Math.min(total, done + batchSize);
        o.onProgress?.(done, total);
        if (!batch.count) continue;
        const logits = await classifier.logits(batch.images);
        metrics.add(logits, batch.targets, batch.count);
        for (let row = 0; o.onImage && row < batch.count; row++) {
          const path = store.splits.test.pathAt(batch.samples[row]!);
          const own = (values: Float32Array) =>
            values.subarray(row * countLabels(tasks), (row + 1) * countLabels(tasks));
          o.onImage({ type: 'picture', path, answers: predictionsOf(classifier, own(logits), own(batch.targets)) });
        }
      }
      return { ...metrics.result(), skipped: [...dataset.problems, ...skipped] };
    } finally {
      await store.close();
    }
  } finally {
    await classifier.dispose();
  }
}
