/** A linear head in closed form: ridge regression of the labels, as rows of zeros and a one, on features. */
import { factorise, solve } from './cholesky.js';
import type { Moments } from './moments.js';

export interface LinearHead {
  width: number;
  classes: number;
  /** [classes, width] */
  weight: Float32Array;
  /** [classes] */
  bias: Float32Array;
}

/**
 * Minimises ‖X W + b − Y‖² + λ n ‖W‖² over W and b (Hoerl and Kennard, 1970): W solves the equations of the centred
 * features, and b, which is not penalised, follows from the means. `penalty` is λ, of features whose variance is about
 * 1; `n` are the images with a label.
 */
export function ridgeHead(moments: Moments, width: number, classes: number, penalty: number): LinearHead {
  const { images: n, sum, products, counts, classSums } = moments;
  const mean = sum.map((value) => value / n);
  const matrix = products.slice();
  for (let i = 0; i < width; i++) for (let j = 0; j <= i; j++) matrix[i * width + j]! -= n * mean[i]! * mean[j]!;
  const targets = classSums.slice();
  for (let c = 0; c < classes; c++) for (let i = 0; i < width; i++) targets[c * width + i]! -= counts[c]! * mean[i]!;
  factoriseWith(matrix, width, penalty * n);
  solve(matrix, width, targets);
  const bias = Float32Array.from(counts, (count, c) => {
    let inner = 0;
    for (let i = 0; i < width; i++) inner += targets[c * width + i]! * mean[i]!;
    return count / n - inner;
  });
  return { width, classes, weight: Float32Array.from(targets), bias };
}

/** Features that say the same, as of images without any detail, make a matrix singular: more penalty mends it. */
function factoriseWith(matrix: Float64Array, width: number, penalty: number): void {
  const kept = matrix.slice();
  for (let added = Math.max(penalty, 1e-9); ; added *= 10) {
    matrix.set(kept);
    for (let i = 0; i < width; i++) matrix[i * width + i]! += added;
    if (factorise(matrix, width)) return;
  }
}

/** Scores [classes] of the image `row`, into `scores`. */
export function scoresOf(
  { width, classes, weight, bias }: LinearHead,
  values: Float32Array,
  row: number,
  scores: Float64Array,
): void {
  const from = row * width;
  for (let c = 0; c < classes; c++) {
    let sum = bias[c]!;
    const at = c * width;
    for (let i = 0; i < width; i++) sum += weight[at + i]! * values[from + i]!;
    scores[c] = sum;
  }
}
