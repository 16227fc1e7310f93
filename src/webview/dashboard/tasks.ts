/**
 * What a model with several tasks, or a multi-label one, was told to answer, and how well it answers each. Knows no
 * DOM.
 */
import type { ClassFigures, MultiLabelFigures, Task } from '../../trainer/protocol.js';
import type { EvaluationEvent, RunRecord } from './runRecord.js';

/** The figures of one task in an evaluation. */
export interface TaskFigures extends Partial<MultiLabelFigures> {
  accuracy: number;
  loss: number;
  confusion: number[][];
  perClass?: ClassFigures[];
}

/** A run with one task of one label an image tells only its labels. */
export function tasksOf({ started }: Pick<RunRecord, 'started'>): readonly Task[] {
  if (!started) return [];
  return started.tasks ?? [{ name: '', labels: started.labels, multiLabel: false }];
}

/** An evaluation's figures of the task with this name; undefined where it does not tell them. */
export function figuresOf(evaluation: EvaluationEvent, task: string): TaskFigures | undefined {
  return evaluation.tasks ? evaluation.tasks.find((each) => each.task === task) : evaluation;
}
