/** Whether probabilities are as sure as they may be: the reliability diagram and the expected calibration error. */
import { softmax } from '../../shared/probabilities.js';
import type { ReliabilityBin } from '../../shared/calibration.js';
import type { Labelled } from './temperature.js';

/** Bins of equal width over the probabilities from 0 to 1. */
export const reliabilityBins = 15;
/** Answers of a bin below which its variance says little. */
const fewestInBin = 30;

/**
 * The bins of a reliability diagram (DeGroot and Fienberg, 1983; Guo et al., 2017): an image counts by the probability
 * of its likeliest label, and is right or wrong. In a multi-label task each label of each image counts by its
 * probability, and is there or not. Bin b holds probabilities in (b / 15, (b + 1) / 15].
 */
export class Reliability {
  readonly #images = new Float64Array(reliabilityBins);
  readonly #confidence = new Float64Array(reliabilityBins);
  readonly #right = new Float64Array(reliabilityBins);
  readonly #answers: { probability: number; isRight: boolean }[] = [];

  /** Counts one answer of a probability 0 to 1. */
  add(probability: number, isRight: boolean): void {
    const bin = Math.min(reliabilityBins - 1, Math.max(0, Math.ceil(probability * reliabilityBins) - 1));
    this.#images[bin]!++;
    this.#confidence[bin]! += probability;
    this.#right[bin]! += Number(isRight);
    this.#answers.push({ probability, isRight });
  }

  bins(): ReliabilityBin[] {
    return Array.from(this.#images, (images, b) => ({
      images,
      confidence: images ? this.#confidence[b]! / images : (b + 0.5) / reliabilityBins,
      accuracy: images ? this.#right[b]! / images : 0,
    }));
  }

  /**
   * Expected calibration error: the mean distance of accuracy from mean probability of the bins, by their images
   * (Naeini et al., 2015). 0 without images.
   */
  error(): number {
    const all = this.#images.reduce((a, b) => a + b, 0);
    return all ? this.#confidence.reduce((sum, each, b) => sum + Math.abs(each - this.#right[b]!), 0) / all : 0;
  }

  /**
   * The calibration error without what chance adds to it, which is much where images are few: the root of the mean
   * squared distance in bins of equally many answers, each less the variance of its share of right ones (Kumar, Liang
   * and Ma, 2019, arXiv:1909.10155, definition 4.2). Perfect probabilities show about 0 whatever the number of answers.
   */
  correctedError(): number {
    const answers = this.#answers.toSorted((a, b) => a.probability - b.probability);
    const bins = Math.min(reliabilityBins, Math.max(1, Math.floor(answers.length / fewestInBin)));
    let sum = 0;
    for (let b = 0; b < bins; b++) {
      const own = answers.slice(Math.round((b * answers.length) / bins), Math.round(((b + 1) * answers.length) / bins));
      if (own.length < 2) continue;
      const mean = (of: (answer: (typeof own)[number]) => number) =>
        own.reduce((all, each) => all + of(each), 0) / own.length;
      const accuracy = mean(({ isRight }) => Number(isRight));
      const distance = mean(({ probability }) => probability) - accuracy;
      sum += own.length * (distance ** 2 - (accuracy * (1 - accuracy)) / (own.length - 1));
    }
    return Math.sqrt(Math.max(0, sum / Math.max(1, answers.length)));
  }
}

/** The reliability of a task's answers at a temperature. */
export function reliabilityOf({ multiLabel, logits, truth, targets }: Labelled, temperature: number): Reliability {
  const found = new Reliability();
  logits.forEach((row, i) => {
    if (multiLabel) {
      row.forEach((logit, k) => found.add(1 / (1 + Math.exp(-logit / temperature)), targets[i]![k]! > 0.5));
      return;
    }
    const shares = softmax(row, temperature);
    const best = shares.reduce((at, share, k) => (share > shares[at]! ? k : at), 0);
    found.add(shares[best]!, best === truth[i]);
  });
  return found;
}
