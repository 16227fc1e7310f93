/**
 * Fewer images than features span no more dimensions than there are images: the same images in as many numbers, with
 * the same inner products, on which ridge regression finds the same head in a fraction of the time.
 */
import { factorise, solveTransposed } from './cholesky.js';
import type { LinearHead } from './ridge.js';

export interface Span {
  /** [images, images] */
  values: Float32Array;
  /** A head on these numbers as one on the features. */
  toFeatures(head: LinearHead): LinearHead;
}

/** Added to the inner products as a share of their mean, since those of centred features are singular. */
const jitter = 1e-6;

/**
 * With K = L Lᵀ of the centred features X, row i of L stands for image i, and L⁻¹ X x for any x: scores w · L⁻¹ X x are
 * those of the weights Xᵀ L⁻ᵀ w. `features` are [images, width].
 */
export function spanOf(features: Float32Array, width: number): Span {
  const images = features.length / width;
  const mean = new Float64Array(width);
  features.forEach((value, i) => (mean[i % width]! += value / images));
  const centred = Float64Array.from(features, (value, i) => value - mean[i % width]!);
  const rowOf = (image: number): Float64Array => centred.subarray(image * width, (image + 1) * width);
  const factor = new Float64Array(images * images);
  let trace = 0;
  for (let i = 0; i < images; i++) {
    for (let j = 0; j <= i; j++) factor[i * images + j] = inner(rowOf(i), rowOf(j));
    trace += factor[i * images + i]!;
  }
  for (let i = 0; i < images; i++) factor[i * images + i]! += jitter * (trace / images || 1);
  if (!factorise(factor, images)) throw new Error('inner products of images are not positive definite');
  for (let i = 0; i < images; i++) factor.fill(0, i * images + i + 1, (i + 1) * images);
  return {
    values: Float32Array.from(factor),
    toFeatures({ classes, weight, bias }) {
      const shares = Float64Array.from(weight);
      solveTransposed(factor, images, shares);
      const whole = new Float32Array(classes * width);
      const shifted = Float32Array.from(bias);
      for (let c = 0; c < classes; c++) {
        const own = new Float64Array(width);
        for (let i = 0; i < images; i++) {
          const share = shares[c * images + i]!;
          const row = rowOf(i);
          for (let j = 0; j < width; j++) own[j]! += share * row[j]!;
        }
        whole.set(own, c * width);
        shifted[c]! -= inner(own, mean);
      }
      return { width, classes, weight: whole, bias: shifted };
    },
  };
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
