/** The nearest-neighbour head: it has nothing to train, only features of labelled images to compare with. */
import type { Value } from '../ir/value.js';
import type { Shape } from '../ir/op.js';
import type { Scope } from './scope.js';

/**
 * Names of the head's weights: unit features [images, width], and of each image its label as a row of zeros and a
 * one [images, labels].
 */
export const bank = { features: 'neighbors.features', labels: 'neighbors.labels' } as const;

export interface NeighborsOptions {
  /** Images in the bank. */
  images: number;
  labels: number;
  /** How many of them, the nearest, have a vote. */
  neighbors: number;
  temperature: number;
}

/** Below any vote there is; keeps the logarithm of a class that has none finite. */
const minShare = 1e-7;

/**
 * Log-probabilities [batch, labels] of features [batch, width], by the weighted vote of the nearest neighbours in
 * cosine similarity: each votes for its label with exp(similarity / temperature) (Wu et al., 2018, arXiv:1805.01978; as
 * DINO's evaluation, Caron et al., 2021, arXiv:2104.14294). Several features of an image count as one long one.
 */
export function nearestNeighbors(s: Scope, features: readonly Value[], o: NeighborsOptions): Value {
  const { b } = s;
  const x = features.length > 1 ? b.concat(1, ...features) : features[0]!;
  const norm = b.sqrt(b.sum(b.mul(x, x), [1]));
  const unit = b.div(x, b.maximum(norm, b.scalar(1e-12)));
  const width = x.shape[1]!;
  const similarity = b.matmul(unit, s.weight(bank.features, [o.images, width]), { transB: true });
  const nearest = b.keepLargest(similarity, Math.min(o.neighbors, o.images));
  const shares = b.matmul(b.softmax(b.scale(nearest, 1 / o.temperature)), s.weight(bank.labels, [o.images, o.labels]));
  return b.log(b.maximum(shares, b.scalar(minShare)));
}

/** Each row of `features` [images, width] brought to length 1, as the head compares them. */
export function unitRows(features: Float32Array, width: number): Float32Array {
  const result = features.slice();
  for (let start = 0; start < result.length; start += width) {
    const row = result.subarray(start, start + width);
    const norm = Math.max(Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)), 1e-12);
    row.forEach((value, i) => (row[i] = value / norm));
  }
  return result;
}

/** Labels as rows of zeros and a one: what the graph takes for `labels`, a number an image. */
export function oneHot(labels: ArrayLike<number>, [images, classes]: Shape): Float32Array {
  const rows = new Float32Array(images! * classes!);
  for (let i = 0; i < images!; i++) rows[i * classes! + labels[i]!] = 1;
  return rows;
}
