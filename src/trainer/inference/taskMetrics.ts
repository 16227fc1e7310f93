/**
 * Sums up an evaluation of one task or several: the figures of each, their mean accuracy and the sum of their losses.
 */
import type { TaskCalibration } from '../../shared/calibration.js';
import type { Evaluation, Task } from '../protocol.js';
import { countLabels, spansOf } from '../core/tasks.js';
import { Metrics } from './metrics.js';
import { MultiLabelMetrics } from './multiLabelMetrics.js';

export class TaskMetrics {
  readonly #parts: (Metrics | MultiLabelMetrics)[];

  /** `calibration` has the temperature and the thresholds of each task, where they are known. */
  constructor(
    private readonly tasks: readonly Task[],
    calibration: readonly Pick<TaskCalibration, 'temperature' | 'thresholds'>[] = [],
  ) {
    this.#parts = tasks.map(({ labels, multiLabel }, i) => {
      const { temperature, thresholds } = calibration[i] ?? {};
      return multiLabel ? new MultiLabelMetrics(labels, temperature, thresholds) : new Metrics(labels, temperature);
    });
  }

  /**
   * Takes a batch: `logits` and `targets` (1 for a label that is right, else 0), both [≥ count, labels of all tasks];
   * rows from `count` on are padding. An image without a label for a task is left out of that task.
   */
  add(logits: Float32Array, targets: Float32Array, count: number): void {
    const width = countLabels(this.tasks);
    spansOf(this.tasks).forEach(({ start, end }, t) => {
      const part = this.#parts[t]!;
      for (let row = 0; row < count * width; row += width) {
        const [own, wanted] = [logits.subarray(row + start, row + end), targets.subarray(row + start, row + end)];
        const truth = wanted.indexOf(1);
        if (part instanceof MultiLabelMetrics) part.add(own, wanted);
        else if (truth >= 0) part.add(own, [truth], 1);
      }
    });
  }

  /** Of all images taken so far. Asking before each task had one is a bug. */
  result(): Evaluation {
    const parts = this.#parts.map((part) => part.result());
    const [first] = parts;
    if (parts.length === 1) return first!;
    const sum = (of: 'accuracy' | 'loss' | 'ece') => parts.reduce((total, part) => total + part[of], 0);
    return {
      ...first!,
      accuracy: sum('accuracy') / parts.length,
      loss: sum('loss'),
      ece: sum('ece') / parts.length,
      tasks: parts.map((part, i) => ({ task: this.tasks[i]!.name, ...part })),
    };
  }
}
