/** The evaluation of a checkpoint on a folder of labelled pictures. */
import { scanDataset } from '../data/scan.js';
import { ImageStore } from '../data/store.js';
import type { ErrorInfo, Evaluation } from '../protocol.js';
import { cacheLimit } from './cacheFolder.js';
import { Classifier } from './classifier.js';
import { TaskMetrics } from './taskMetrics.js';

const batchSize = 16;

export interface EvaluateOptions {
  /** Checkpoint folder. */
  checkpoint: string;
  dataset: string;
  cacheFolder: string;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/** Evaluates on the folder's test pictures where it has such, else on its validation pictures, else on all. */
export async function evaluate(o: EvaluateOptions): Promise<Evaluation & { skipped: ErrorInfo[] }> {
  const classifier = await Classifier.open(o.checkpoint, batchSize);
  try {
    const { tasks } = classifier;
    const dataset = await scanDataset(o.dataset, { validationSplit: 0, seed: 0, tasks, signal: o.signal });
    const split = (['test', 'validation', 'train'] as const).find((name) => dataset.splits[name].length) ?? 'test';
    const only = { ...dataset, splits: { train: [], validation: [], test: dataset.splits[split] } };
    const store = await ImageStore.open({
      cacheFolder: o.cacheFolder,
      cacheBytes: cacheLimit('pictures'),
      dataset: only,
      transform: classifier.transform,
      signal: o.signal,
    });
    try {
      const metrics = new TaskMetrics(tasks);
      let done = 0;
      for await (const batch of store.evaluationBatches('test', batchSize)) {
        o.signal?.throwIfAborted();
        metrics.add(await classifier.logits(batch.images), batch.targets, batch.count);
        o.onProgress?.((done += batch.count), store.splits.test.length);
      }
      return { ...metrics.result(), skipped: [...dataset.problems, ...store.skipped] };
    } finally {
      await store.close();
    }
  } finally {
    await classifier.dispose();
  }
}
