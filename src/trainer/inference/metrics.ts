/** Sums up predictions over an evaluation: accuracy, cross-entropy, and for each class precision, recall and F1. */
import type { Evaluation } from '../protocol.js';

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

export class Metrics {
  readonly #confusion: number[][];
  /** Sum of the cross-entropies, in nats. */
  #loss = 0;

  constructor(private readonly labels: readonly string[]) {
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
      const greatest = row[prediction]!;
      // log of the sum of exponentials, shifted by the greatest so that none overflows.
      this.#loss += greatest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - greatest), 0)) - row[label]!;
      this.#confusion[label]![prediction]! += 1;
    }
  }

  /**
   * Of all images taken so far. A class that was never predicted has precision 0, one without images recall 0, as
   * scikit-learn has it. Asking before any image was taken is a bug.
   */
  result(): Evaluation {
    const confusion = this.#confusion.map((row) => [...row]);
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    const total = sum(confusion.map(sum));
    if (total === 0) throw new Error('metrics of no images');
    const perClass = this.labels.map((label, i) => {
      const hits = confusion[i]![i]!;
      const support = sum(confusion[i]!);
      const predicted = sum(confusion.map((row) => row[i]!));
      // 2PR / (P + R) with P and R written out.
      return {
        label,
        precision: ratio(hits, predicted),
        recall: ratio(hits, support),
        f1: ratio(2 * hits, predicted + support),
        support,
      };
    });
    const right = sum(confusion.map((row, i) => row[i]!));
    return { accuracy: right / total, loss: this.#loss / total, labels: [...this.labels], perClass, confusion };
  }
}
