/** The evaluation of a split by the model in training, as an event shows it. */
import type { Evaluation, SplitName, Task, TaskEvaluation, TrainEvent } from '../protocol.js';
import { eachUntilAborted, untilAborted } from '../core/untilAborted.js';
import { TaskMetrics } from '../inference/taskMetrics.js';
import type { BatchSource } from '../insight/featureStore.js';
import type { Predictor } from './learner.js';

export interface EvaluateSplitOptions {
  split: SplitName;
  store: BatchSource;
  model: Pick<Predictor, 'logits'>;
  tasks: readonly Task[];
  batchSize: number;
  emit: (event: TrainEvent) => void;
  signal: AbortSignal;
}

const millisecondsBetweenReports = 200;

/**
 * Evaluates and reports progress; undefined where no image of the split can be read, which is an earlier error for
 * validation. Throws the signal's reason where a stop is requested.
 */
export async function evaluateSplit(o: EvaluateSplitOptions): Promise<Evaluation | undefined> {
  const { split, store, model, tasks, batchSize, emit, signal } = o;
  const metrics = new TaskMetrics(tasks);
  const total = store.splits[split].length;
  let done = 0;
  let evaluated = 0;
  let reported = 0;
  for await (const batch of eachUntilAborted(store.evaluationBatches(split, batchSize), signal)) {
    if (batch.count) metrics.add(await untilAborted(model.logits(batch.images), signal), batch.targets, batch.count);
    // Messages (a stop, a window that attaches) are handled between batches, which block this thread.
    await new Promise(setImmediate);
    done = Math.min(total, done + batchSize);
    evaluated += batch.count;
    if (done < total && performance.now() - reported < millisecondsBetweenReports) continue;
    reported = performance.now();
    emit({ type: 'progress', phase: 'evaluate', done, total });
  }
  return evaluated ? metrics.result() : undefined;
}

/** The figures of an evaluation in an event: the table of classes only where the confusion matrix does not imply it. */
export function figuresOf({ tasks, ...whole }: Evaluation) {
  const own = ({ labels: _labels, perClass, ...figures }: TaskEvaluation) =>
    figures.confusion.length > 0 ? figures : { ...figures, perClass };
  return { ...own(whole), ...(tasks && { tasks: tasks.map(({ task, ...each }) => ({ task, ...own(each) })) }) };
}
