/** How unlike the training images an image is: the distance to the nearest of them, and the energy of its logits. */
import type { Spread, UnknownRule } from '../../shared/calibration.js';
import { logSumExp } from '../../shared/probabilities.js';
import { spansOf } from '../core/tasks.js';
import type { Task } from '../protocol.js';
import type { Bank } from './bank.js';

/** How many of the nearest training images count (Sun et al., 2022, arXiv:2204.06507). */
export const nearestImages = 5;
/** What the energy adds to the distance, both in deviations of the validation images: chosen in docs/unknown.md. */
const energyWeight = 0.25;
/** Room for rounding above the score of the last image that is accepted. */
const slack = 1e-4;

/**
 * The energy of logits, higher for what is less known: less the logarithm of the sum of exponentials (Liu et al., 2020,
 * arXiv:2010.03759), in a multi-label task summed over the labels (Wang et al., 2021, arXiv:2111.12797).
 */
export function energyOf(tasks: readonly Task[], logits: Float32Array): number {
  let energy = 0;
  for (const { task, start, end } of spansOf(tasks)) {
    const own = logits.subarray(start, end);
    energy -= task.multiLabel
      ? own.reduce((sum, logit) => sum + Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))), 0)
      : logSumExp(own);
  }
  return energy;
}

function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
}

/** How many deviations a value is above the mean; 0 where all validation images have the same. */
const relative = (value: number, { mean, deviation }: Spread): number =>
  deviation > 1e-6 ? (value - mean) / deviation : 0;

/** The score of an image by its figures. */
export const scoreOf = (
  { distance, energy }: { distance: number; energy: number },
  rule: Pick<UnknownRule, 'distance' | 'energy'>,
): number => relative(distance, rule.distance) + energyWeight * relative(energy, rule.energy);

/** The threshold that accepts at least this share of ascending scores. */
export const thresholdOf = (scores: readonly number[], accepted: number): number =>
  scores[Math.max(0, Math.ceil(accepted * scores.length - 1e-9) - 1)]! + slack;

/** Of the validation images, the share that a threshold accepts, and of these the share that was answered right. */
export function figuresAt({ scores, right }: UnknownRule, threshold: number): { recall: number; precision: number } {
  const above = scores.findIndex((score) => score > threshold);
  const accepted = above < 0 ? scores.length : above;
  const hits = [...right.slice(0, accepted)].filter((letter) => letter === '1').length;
  return { recall: accepted / scores.length, precision: accepted ? hits / accepted : 0 };
}

const rounded = (value: number): number => Math.round(value * 1e5) / 1e5;

/** Validation images between which messages are handled. */
const imagesAtOnce = 64;

/**
 * The rule by which images are known: fitted to the validation images, of which it accepts the share `accepted`. Of
 * each there are its features, its logits, and whether it was predicted right.
 */
export async function fitUnknown(
  images: readonly { embedding: Float32Array; logits: Float32Array; isRight: boolean }[],
  { tasks, bank, accepted }: { tasks: readonly Task[]; bank: Bank; accepted: number },
): Promise<UnknownRule> {
  const figures: { distance: number; energy: number; isRight: boolean }[] = [];
  const neighbors = Math.min(nearestImages, bank.labels.length);
  for (const [i, { embedding, logits, isRight }] of images.entries()) {
    if (i % imagesAtOnce === imagesAtOnce - 1) await new Promise(setImmediate);
    const { distance } = bank.nearest(embedding, neighbors);
    figures.push({ distance, energy: energyOf(tasks, logits), isRight });
  }
  const spreads = {
    distance: spreadOf(figures.map(({ distance }) => distance)),
    energy: spreadOf(figures.map(({ energy }) => energy)),
  };
  const scored = figures
    .map((each) => ({ score: rounded(scoreOf(each, spreads)), isRight: each.isRight }))
    .sort((a, b) => a.score - b.score);
  const scores = scored.map(({ score }) => score);
  return {
    threshold: thresholdOf(scores, accepted),
    accepted,
    neighbors,
    labels: [...bank.labels],
    ...(bank.paths && { paths: [...bank.paths] }),
    ...spreads,
    scores,
    right: scored.map(({ isRight }) => (isRight ? '1' : '0')).join(''),
  };
}
