/** The tasks of a model with several tasks or a multi-label one, and the metrics of each. Independent of the DOM. */
import type { ExtraFigures } from '../../shared/metrics.js';
import type { ClassFigures, Task } from '../../trainer/protocol.js';
import type { EvaluationEvent, RunRecord } from './runRecord.js';

/** The figures of one task in an evaluation. */
export interface TaskFigures extends ExtraFigures {
  accuracy: number;
  loss: number;
  confusion: number[][];
  perClass?: ClassFigures[];
}

/** A run with one task of one label per image reports only its labels. */
export function tasksOf({ started }: Pick<RunRecord, 'started'>): readonly Task[] {
  if (!started) return [];
  return started.tasks ?? [{ name: '', labels: started.labels, multiLabel: false }];
}

/** An evaluation's metrics of the task with this name; undefined if it does not report them. */
export function figuresOf(evaluation: EvaluationEvent, task: string): TaskFigures | undefined {
  return evaluation.tasks ? evaluation.tasks.find((each) => each.task === task) : evaluation;
}
