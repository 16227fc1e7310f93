/** Sums up the predictions of a multi-label task: right images, binary cross-entropy, average precision and F1. */
import type { ClassFigures, TaskEvaluation } from '../protocol.js';

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const mean = (values: readonly number[]): number =>
  ratio(
    values.reduce((a, b) => a + b, 0),
    values.length,
  );

/** log(1 + eˣ) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/**
 * The area under the precision-recall curve as scikit-learn's `average_precision_score` has it: the sum over falling
 * thresholds of the gain in recall times the precision; equal scores share a threshold. Undefined without a positive.
 */
export function averagePrecision(scores: readonly number[], truth: readonly boolean[]): number | undefined {
  const positives = truth.filter(Boolean).length;
  if (positives === 0) return undefined;
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  let [hits, counted, area] = [0, 0, 0];
  order.forEach((i, place) => {
    if (truth[i]) hits++;
    const next = order[place + 1];
    if (next !== undefined && scores[next] === scores[i]) return;
    area += ((hits - counted) / positives) * (hits / (place + 1));
    counted = hits;
  });
  return area;
}

export class MultiLabelMetrics {
  /** For each label, over all images. */
  readonly #scores: number[][];
  readonly #truth: boolean[][];
  #loss = 0;
  #right = 0;
  #images = 0;

  constructor(private readonly labels: readonly string[]) {
    this.#scores = labels.map(() => []);
    this.#truth = labels.map(() => []);
  }

  /** Takes one image: its logits [labels] before the sigmoid, and which labels it has [labels], 1 or 0. */
  add(logits: Float32Array, truth: Float32Array): void {
    let right = true;
    logits.forEach((logit, i) => {
      const has = truth[i]! > 0.5;
      this.#scores[i]!.push(logit);
      this.#truth[i]!.push(has);
      this.#loss += softplus(has ? -logit : logit) / logits.length;
      right &&= logit >= 0 === has;
    });
    this.#images++;
    if (right) this.#right++;
  }

  /** A label counts as predicted from a probability of one half. An F1 of nothing is 0, as scikit-learn has it. */
  result(): TaskEvaluation {
    if (this.#images === 0) throw new Error('metrics of no images');
    const counts = this.labels.map((_, i) => {
      const [truth, predicted] = [this.#truth[i]!, this.#scores[i]!.map((score) => score >= 0)];
      return {
        hits: truth.filter((has, k) => has && predicted[k]).length,
        predicted: predicted.filter(Boolean).length,
        support: truth.filter(Boolean).length,
      };
    });
    const perClass = this.labels.map((label, i): ClassFigures => {
      const { hits, predicted, support } = counts[i]!;
      const area = averagePrecision(this.#scores[i]!, this.#truth[i]!);
      const figures = {
        label,
        precision: ratio(hits, predicted),
        recall: ratio(hits, support),
        f1: ratio(2 * hits, predicted + support),
        support,
      };
      return area === undefined ? figures : { ...figures, averagePrecision: area };
    });
    const sum = (of: 'hits' | 'predicted' | 'support') => counts.reduce((total, each) => total + each[of], 0);
    return {
      accuracy: this.#right / this.#images,
      loss: this.#loss / this.#images,
      labels: [...this.labels],
      perClass,
      confusion: [],
      meanAveragePrecision: mean(perClass.flatMap((figures) => figures.averagePrecision ?? [])),
      f1Micro: ratio(2 * sum('hits'), sum('predicted') + sum('support')),
      f1Macro: mean(perClass.map(({ f1 }) => f1)),
    };
  }
}
