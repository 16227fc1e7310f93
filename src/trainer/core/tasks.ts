/** What the heads of a model answer: which of its logits belong to which task, and how each is called. */
import * as z from 'zod';
import { errors } from '../errors/errors.js';
import type { Task } from '../protocol.js';

/** Where config.json names the tasks: transformers keeps what it does not know. */
const tasksKey = 'vitune_tasks';

const tasksSchema = z
  .array(z.object({ name: z.string(), labels: z.array(z.string()).min(1), multiLabel: z.boolean() }))
  .min(1);

/** The one task of class folders: one of `labels` is right. */
export const singleTask = (labels: readonly string[], name = 'label'): Task[] => [
  { name, labels: [...labels], multiLabel: false },
];

/**
 * What a model answers, by its config.json `file`: the tasks it was trained for here, else the one that transformers'
 * own words mean.
 * @throws UserError when the tasks are damaged, or have other than as many labels as there are.
 */
export function tasksOf(json: Record<string, unknown>, labels: readonly string[], file: string): Task[] {
  const given = json[tasksKey];
  if (given === undefined)
    return [{ ...singleTask(labels)[0]!, multiLabel: json['problem_type'] === 'multi_label_classification' }];
  const tasks = tasksSchema.safeParse(given);
  if (!tasks.success || countLabels(tasks.data) !== labels.length) throw errors.checkpointDamaged(file, tasksKey);
  return tasks.data;
}

/** What config.json says of tasks so that `tasksOf` finds them; only what transformers' own words do not say. */
export const tasksJson = (tasks: readonly Task[]): Record<string, unknown> => ({
  [tasksKey]: isPlain(tasks) && tasks[0]!.name === singleTask([])[0]!.name ? undefined : tasks,
});

/** Whether all there is to answer is which one label is right. */
export const isPlain = (tasks: readonly Task[]): boolean => tasks.length === 1 && !tasks[0]!.multiLabel;

/** How many logits all tasks have together. */
export const countLabels = (tasks: readonly { labels: readonly string[] }[]): number =>
  tasks.reduce((sum, { labels }) => sum + labels.length, 0);

export interface Span {
  task: Task;
  /** Its logits are those from `start` to before `end`. */
  start: number;
  end: number;
}

/** Where each task has its logits: they lie side by side, in the order of the tasks. */
export function spansOf(tasks: readonly Task[]): Span[] {
  let end = 0;
  return tasks.map((task) => {
    const start = end;
    end += task.labels.length;
    return { task, start, end };
  });
}

/** A name for each logit: the label, with its task before it where there are several tasks. */
export const logitNames = (tasks: readonly Task[]): string[] =>
  tasks.flatMap(({ name, labels }) => (tasks.length > 1 ? labels.map((label) => `${name}: ${label}`) : labels));

/**
 * A copy of the target probabilities [batch, labels of all tasks] with `smoothing` spread evenly: over all labels of a
 * task (Szegedy et al., 2016, arXiv:1512.00567), or in a multi-label task between yes and no. An image without a label
 * for a task keeps zeros, which cost nothing.
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
