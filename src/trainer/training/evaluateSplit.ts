/** The evaluation of a split by the model in training, as an event shows it. */
import type { Evaluation, SplitName, Task, TaskEvaluation, TrainEvent } from '../protocol.js';
import { eachUntilAborted, untilAborted } from '../core/untilAborted.js';
import type { Answers } from '../inference/answers.js';
import { TaskMetrics } from '../inference/taskMetrics.js';
import type { BatchSource } from '../insight/featureStore.js';
import type { Predictor } from './learner.js';

export interface EvaluateSplitOptions {
  split: SplitName;
  store: BatchSource;
  model: Pick<Predictor, 'infer'>;
  tasks: readonly Task[];
  /** Takes what the model answered to each image. */
  answers: Answers;
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
  const { split, store, model, tasks, answers, batchSize, emit, signal } = o;
  const metrics = new TaskMetrics(tasks);
  const total = store.splits[split].length;
  let done = 0;
  let evaluated = 0;
  let reported = 0;
  for await (const batch of eachUntilAborted(store.evaluationBatches(split, batchSize), signal)) {
    if (batch.count) {
      const inferred = await untilAborted(model.infer(batch.images), signal);
      metrics.add(inferred.logits, batch.targets, batch.count);
      answers.add(inferred, batch);
    }
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
  const own = ({ labels: _labels, interval: _interval, ece: _ece, perClass, ...figures }: TaskEvaluation) =>
    figures.confusion.length > 0
      ? figures
      : { ...figures, perClass: perClass.map(({ intervals: _intervals, ...row }) => row) };
  return { ...own(whole), ...(tasks && { tasks: tasks.map(({ task, ...each }) => ({ task, ...own(each) })) }) };
}
