/** Counts the predictions of a task with one right label an image: cross-entropy and confusion matrix. */
import type { TaskEvaluation } from '../protocol.js';
import { wilson } from '../../shared/interval.js';
import { measure } from '../../shared/metrics.js';
import { softmax } from '../../shared/probabilities.js';
import { classFigures } from './classFigures.js';
import { Reliability } from './reliability.js';

/**
 * The cross-entropy of one image in nats, from its logits before the softmax: the logarithm of the sum of exponentials,
 * shifted by the greatest so that none overflows.
 */
export function crossEntropy(logits: Float32Array, label: number): number {
  const greatest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  return greatest + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - greatest), 0)) - logits[label]!;
}

export class Metrics {
  readonly #confusion: number[][];
  /** Sum of the cross-entropies, in nats. */
  #loss = 0;

  readonly #reliability = new Reliability();

  /** Probabilities are those of the logits divided by the temperature; the loss is that of the logits. */
  constructor(
    private readonly labels: readonly string[],
    private readonly temperature = 1,
  ) {
    this.#confusion = labels.map(() => labels.map(() => 0));
  }

  /**
   * Takes a batch: `logits` [≥ count, labels] before the softmax, `truth` [≥ count]; rows from `count` on are padding.
   */
  add(logits: Float32Array, truth: ArrayLike<number>, count: number): void {
    const classes = this.labels.length;
    for (let i = 0; i < count; i++) {
      const row = logits.subarray(i * classes, (i + 1) * classes);
      const label = truth[i]!;
      const prediction = row.reduce((best, value, j) => (value > row[best]! ? j : best), 0);
      this.#loss += crossEntropy(row, label);
      this.#confusion[label]![prediction]! += 1;
      this.#reliability.add(Math.max(...softmax(row, this.temperature)), prediction === label);
    }
  }

  /** Of all images taken so far. To call it before any image was taken is a bug. */
  result(): TaskEvaluation {
    const confusion = this.#confusion.map((row) => [...row]);
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    const classes = this.labels.map((label, i) => ({
      label,
      hits: confusion[i]![i]!,
      predicted: sum(confusion.map((row) => row[i]!)),
      support: sum(confusion[i]!),
    }));
    const [images, right] = [sum(confusion.map(sum)), sum(classes.map(({ hits }) => hits))];
    return {
      ...measure({ multiLabel: false, images, right, loss: this.#loss, classes }),
      labels: [...this.labels],
      perClass: classes.map(classFigures),
      confusion,
      interval: wilson(right, images),
      ece: this.#reliability.error(),
    };
  }
}
