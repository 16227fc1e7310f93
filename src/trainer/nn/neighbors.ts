/**
 * The answer of the nearest neighbours: a head that has nothing to train, only features of labelled pictures to compare
 * with.
 */
import type { Value } from '../ir/value.js';
import type { Shape } from '../ir/op.js';
import type { Scope } from './scope.js';

/**
 * Names of the head's weights: unit features [pictures, width], and of each picture its label as a row of zeros and a
 * one [pictures, labels].
 */
export const bank = { features: 'neighbors.features', labels: 'neighbors.labels' } as const;

export interface NeighborsOptions {
  /** Pictures in the bank. */
  pictures: number;
  labels: number;
  /** How many of them, the nearest, have a vote. */
  neighbors: number;
  temperature: number;
}

/** Below any vote there is; keeps the logarithm of a class that has none finite. */
const least = 1e-7;

/**
 * Log-probabilities [batch, labels] of features [batch, width], by the weighted vote of the nearest neighbours in
 * cosine similarity: each votes for its label with exp(similarity / temperature) (Wu et al., 2018, arXiv:1805.01978; as
 * DINO's evaluation, Caron et al., 2021, arXiv:2104.14294). Several features of a picture count as one long one.
 */
export function nearestNeighbors(s: Scope, features: readonly Value[], o: NeighborsOptions): Value {
  const { b } = s;
  const x = features.length > 1 ? b.concat(1, ...features) : features[0]!;
  const norm = b.sqrt(b.sum(b.mul(x, x), [1]));
  const unit = b.div(x, b.maximum(norm, b.scalar(1e-12)));
  const width = x.shape[1]!;
  const similarity = b.matmul(unit, s.weight(bank.features, [o.pictures, width]), { transB: true });
  const nearest = b.keepLargest(similarity, Math.min(o.neighbors, o.pictures));
  const shares = b.matmul(
    b.softmax(b.scale(nearest, 1 / o.temperature)),
    s.weight(bank.labels, [o.pictures, o.labels]),
  );
  return b.log(b.maximum(shares, b.scalar(least)));
}

/** Each row of `features` [pictures, width] brought to length 1, as the head compares them. */
export function unitRows(features: Float32Array, width: number): Float32Array {
  const result = features.slice();
  for (let start = 0; start < result.length; start += width) {
    const row = result.subarray(start, start + width);
    const norm = Math.max(Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)), 1e-12);
    row.forEach((value, i) => (row[i] = value / norm));
  }
  return result;
}

/** Labels as rows of zeros and a one: what the graph takes for `labels`, a number a picture. */
export function oneHot(labels: ArrayLike<number>, [pictures, classes]: Shape): Float32Array {
  const rows = new Float32Array(pictures! * classes!);
  for (let i = 0; i < pictures!; i++) rows[i * classes! + labels[i]!] = 1;
  return rows;
}
