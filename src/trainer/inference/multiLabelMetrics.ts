/** Counts the predictions of a multi-label task: right images, binary cross-entropy and average precision. */
import type { TaskEvaluation } from '../protocol.js';
import { wilson } from '../../shared/interval.js';
import { measure, type ClassTally } from '../../shared/metrics.js';
import { classFigures } from './classFigures.js';
import { cutsOf } from './thresholds.js';
import { Reliability } from './reliability.js';

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

  readonly #reliability = new Reliability();
  /** The logit from which on each label counts as predicted. */
  readonly #cuts: readonly number[];

  /** A label counts as predicted from its threshold on, or from one half. */
  constructor(
    private readonly labels: readonly string[],
    private readonly temperature = 1,
    thresholds?: readonly number[],
  ) {
    this.#cuts = cutsOf({ temperature, ...(thresholds && { thresholds: [...thresholds] }) }) ?? labels.map(() => 0);
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
      right &&= logit >= this.#cuts[i]! === has;
      this.#reliability.add(1 / (1 + Math.exp(-logit / this.temperature)), has);
    });
    this.#images++;
    if (right) this.#right++;
  }

  result(): TaskEvaluation {
    const classes = this.labels.map((label, i): ClassTally => {
      const [truth, predicted] = [this.#truth[i]!, this.#scores[i]!.map((score) => score >= this.#cuts[i]!)];
      const area = averagePrecision(this.#scores[i]!, this.#truth[i]!);
      return {
        label,
        hits: truth.filter((has, k) => has && predicted[k]).length,
        predicted: predicted.filter(Boolean).length,
        support: truth.filter(Boolean).length,
        ...(area === undefined ? {} : { averagePrecision: area }),
      };
    });
    const tally = { multiLabel: true, images: this.#images, right: this.#right, loss: this.#loss, classes };
    return {
      ...measure(tally),
      labels: [...this.labels],
      perClass: classes.map(classFigures),
      confusion: [],
      interval: wilson(this.#right, this.#images),
      ece: this.#reliability.error(),
    };
  }
}
