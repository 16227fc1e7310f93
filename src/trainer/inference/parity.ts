/**
 * The parity check: a saved, merged or exported model must give the same predictions for the user's own images as its
 * source.
 */
import { softmax } from '../../shared/probabilities.js';
import { errors } from '../errors/errors.js';
import type { Parity } from '../protocol.js';
import { computeLogitsInFreshProcess, type LabelledLogits, type LogitsRequest } from './computeLogits.js';

/**
 * Greatest difference of a probability that passes for rounding: sums in another order make 1e-6, and no defect that
 * matters stays below it.
 */
export const tolerance = 1e-3;

const topOf = (row: readonly number[]): number => row.reduce((best, value, i) => (value > row[best]! ? i : best), 0);

/**
 * Compares two models' predictions for the same images; `names` are those of the images. With a `bound` of its own a
 * model in fewer bits is compared: its labels may change within it.
 */
export function comparePredictions(
  names: readonly string[],
  live: LabelledLogits,
  reloaded: LabelledLogits,
  bound = tolerance,
): Parity {
  const parity: Parity = { pictures: names.length, tolerance: bound, largestDifference: 0, changed: [] };
  const sameLabels = live.labels.join('\0') === reloaded.labels.join('\0');
  names.forEach((image, i) => {
    const [before, after] = [softmax(live.logits[i]!), softmax(reloaded.logits[i] ?? [])];
    // A comparison would not find NaN.
    const differences = before.map((value, k) => Math.abs(value - (after[k] ?? NaN)));
    const difference = differences.some(Number.isNaN) ? 1 : Math.max(...differences);
    parity.largestDifference = Math.max(parity.largestDifference, difference);
    const [was, is] = [live.labels[topOf(before)]!, reloaded.labels[topOf(after)] ?? '?'];
    // Two labels that are equally likely may change places within the rounding.
    const leastFlip = bound === tolerance ? tolerance / 100 : bound;
    if (difference > bound || !sameLabels || (was !== is && difference > leastFlip))
      parity.changed.push({ picture: image, was, is, difference });
  });
  return parity;
}

/**
 * Runs the saved model in a fresh process, and compares its predictions with those of the live one.
 * @throws UserError when the saved model cannot be opened.
 */
export async function checkParity(
  request: LogitsRequest,
  live: LabelledLogits,
  { signal, bound }: { signal?: AbortSignal | undefined; bound?: number | undefined } = {},
): Promise<Parity> {
  const names = request.images.map((image) => (typeof image === 'string' ? image : `#${image}`));
  return comparePredictions(names, live, await computeLogitsInFreshProcess(request, signal), bound);
}

/** Throws a `UserError` that names the images where there are such. */
export function requireParity(parity: Parity, what: string): Parity {
  if (parity.changed.length) throw errors.predictionsChanged(what, parity);
  return parity;
}
