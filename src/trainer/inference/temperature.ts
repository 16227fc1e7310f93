/** The temperature that makes probabilities as sure as they may be: temperature scaling (Guo et al., 2017). */
import { softmax } from '../../shared/probabilities.js';

/**
 * Logits [images, labels] of one task, and for each image its label, or in a multi-label task 1 or 0 for each label.
 */
export interface Labelled {
  multiLabel: boolean;
  logits: readonly Float32Array[];
  /** [images]: the number of the right label, where exactly one is right. */
  truth: readonly number[];
  /** [images][labels]: whether the image has the label, in a multi-label task. */
  targets: readonly Float32Array[];
}

/** The logarithm of 1 / temperature stays within it on either side, as in scikit-learn. */
const bound = 10;
/** The search ends where it moves by less. */
const precision = 1e-10;

/** First and second derivative of the mean cross-entropy by the inverse temperature. */
function slopes({ multiLabel, logits, truth, targets }: Labelled, inverse: number): [first: number, second: number] {
  let [first, second] = [0, 0];
  logits.forEach((row, i) => {
    if (multiLabel) {
      const own = targets[i]!;
      row.forEach((logit, k) => {
        const probability = 1 / (1 + Math.exp(-logit * inverse));
        first += logit * (probability - own[k]!);
        second += logit ** 2 * probability * (1 - probability);
      });
      return;
    }
    const shares = softmax(row, 1 / inverse);
    const mean = shares.reduce((sum, share, k) => sum + share * row[k]!, 0);
    first += mean - row[truth[i]!]!;
    second += shares.reduce((sum, share, k) => sum + share * (row[k]! - mean) ** 2, 0);
  });
  return [first / logits.length, second / logits.length];
}

/** Whether the likelihood grows without end as the temperature falls: every image is predicted right, and clearly. */
const isAllRight = ({ multiLabel, logits, truth, targets }: Labelled): boolean =>
  logits.every((row, i) =>
    multiLabel
      ? row.every((logit, k) => (targets[i]![k]! > 0.5 ? logit > 0 : logit < 0))
      : row.every((logit, k) => k === truth[i] || logit < row[truth[i]!]!),
  );

/** Mean probability of what is predicted. */
function confidence({ multiLabel, logits }: Labelled, temperature: number): number {
  let [sum, count] = [0, 0];
  for (const row of logits) {
    if (multiLabel) row.forEach((logit) => (sum += 1 / (1 + Math.exp(-Math.abs(logit) / temperature))));
    else sum += Math.max(...softmax(row, temperature));
    count += multiLabel ? row.length : 1;
  }
  return sum / count;
}

/** Halves an interval of log temperatures until it is small; `isTooLow` says on which side the sought one is. */
function bisect(isTooLow: (temperature: number) => boolean): number {
  let [low, high] = [-bound, bound];
  while (high - low > precision) {
    const middle = (low + high) / 2;
    if (isTooLow(Math.exp(middle))) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/**
 * The temperature of the least cross-entropy, which is convex in its inverse. Where every image is predicted right
 * there is no least: the model would be ever surer. Then the mean probability of what is predicted becomes that by
 * which Laplace's rule of succession expects the next to be right, (n + 1) / (n + 2).
 */
export function fitTemperature(labelled: Labelled): number {
  if (isAllRight(labelled)) {
    const width = labelled.multiLabel ? labelled.logits[0]!.length : 1;
    const count = labelled.logits.length * width;
    const wanted = (count + 1) / (count + 2);
    return bisect((temperature) => confidence(labelled, temperature) > wanted);
  }
  let [low, high] = [-bound, bound];
  let log = 0;
  // Newton's steps in the logarithm of the inverse, which stay between where the slope is known to fall and to rise.
  for (let i = 0; i < 200 && high - low > precision; i++) {
    const inverse = Math.exp(log);
    const [first, second] = slopes(labelled, inverse);
    if (first > 0) high = log;
    else low = log;
    const step = (first * inverse) / (second * inverse ** 2 + first * inverse);
    const next = log - step;
    if (Math.abs(step) < precision) break;
    log = next > low && next < high ? next : (low + high) / 2;
  }
  return Math.exp(-log);
}
