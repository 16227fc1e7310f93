/** The tasks of a model: which of its logits belong to which task, and the name of each logit. */
import * as z from 'zod';
import { errors } from '../errors/errors.js';
import type { Task } from '../protocol.js';

/** The key of the tasks in config.json; transformers keeps unknown keys. */
const tasksKey = 'vitune_tasks';

const multiLabelProblem = 'multi_label_classification';
/** Values of `problem_type`; a regression is not among them. */
const problems: readonly unknown[] = ['single_label_classification', multiLabelProblem];

const tasksSchema = z
  .array(z.object({ name: z.string(), labels: z.array(z.string()).min(1), multiLabel: z.boolean() }))
  .min(1);

/** The single task of class folders: exactly one of `labels` is correct. */
export const singleTask = (labels: readonly string[], name = 'label'): Task[] => [
  { name, labels: [...labels], multiLabel: false },
];

/**
 * The tasks of a model by its config.json `file`: those that ViTune stored, else the one that the keys of transformers
 * describe.
 * @throws UserError when the tasks are damaged, or the number of their labels differs from that of the model.
 */
export function tasksOf(json: Record<string, unknown>, labels: readonly string[], file: string): Task[] {
  const given = json[tasksKey];
  if (given === undefined) {
    const { problem_type: problem } = json;
    if (problem !== undefined && problem !== null && !problems.includes(problem))
      throw errors.modelConfigInvalid(file, 'problem_type', problems.join(', '));
    // A single logit says yes or no, as in the pipeline of transformers: among one label there is nothing to choose.
    return [{ ...singleTask(labels)[0]!, multiLabel: problem === multiLabelProblem || labels.length === 1 }];
  }
  const tasks = tasksSchema.safeParse(given);
  if (!tasks.success || countLabels(tasks.data) !== labels.length) throw errors.checkpointDamaged(file, tasksKey);
  return tasks.data;
}

/** The keys of config.json from which `tasksOf` reads the tasks; only what the keys of transformers cannot describe. */
export const tasksJson = (tasks: readonly Task[]): Record<string, unknown> => ({
  [tasksKey]: isPlain(tasks) && tasks[0]!.name === singleTask([])[0]!.name ? undefined : tasks,
});

/** Whether there is a single task with exactly one correct label. */
export const isPlain = (tasks: readonly Task[]): boolean => tasks.length === 1 && !tasks[0]!.multiLabel;

/** The total number of logits of all tasks. */
export const countLabels = (tasks: readonly { labels: readonly string[] }[]): number =>
  tasks.reduce((sum, { labels }) => sum + labels.length, 0);

export interface Span {
  task: Task;
  /** Its logits are those from `start` (inclusive) to `end` (exclusive). */
  start: number;
  end: number;
}

/** The range of logits of each task; the ranges are contiguous, in the order of the tasks. */
export function spansOf(tasks: readonly Task[]): Span[] {
  let end = 0;
  return tasks.map((task) => {
    const start = end;
    end += task.labels.length;
    return { task, start, end };
  });
}

/** The name of each logit: the label, prefixed with its task if there are several tasks. */
export const logitNames = (tasks: readonly Task[]): string[] =>
  tasks.flatMap(({ name, labels }) => (tasks.length > 1 ? labels.map((label) => `${name}: ${label}`) : labels));

/**
 * A copy of the target probabilities [batch, labels of all tasks] with `smoothing` spread evenly: over all labels of a
 * task (Szegedy et al., 2016, arXiv:1512.00567), or in a multi-label task over yes and no. An image without a label
 * for a task keeps zeros, which add nothing to the loss.
 */
export function smoothed(targets: Float32Array, tasks: readonly Task[], smoothing: number): Float32Array {
  const width = countLabels(tasks);
  const result = targets.slice();
  if (!smoothing) return result;
  for (const { task, start, end } of spansOf(tasks)) {
    for (let row = 0; row < targets.length; row += width) {
      const own = targets.subarray(row + start, row + end);
      const spread = smoothing / (task.multiLabel ? 2 : own.length);
      if (task.multiLabel || own.some((value) => value > 0))
        own.forEach((value, i) => (result[row + start + i] = value * (1 - smoothing) + spread));
    }
  }
  return result;
}
