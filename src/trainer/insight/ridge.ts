/** A linear head in closed form: ridge regression of the labels, as rows of zeros and a one, on features. */
import { createEngine } from '../engine/createEngine.js';
import { hostTensor } from '../engine/tensor.js';
import { Builder } from '../ir/builder.js';
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

/** Images that are scored in one product. */
const tile = 1024;

/** Scores [images, classes] of the images `rows` of `values` [all, width], those of `rows[i]` at row i. */
export async function scoresOf(
  { width, classes, weight, bias }: LinearHead,
  values: Float32Array,
  rows: readonly number[],
): Promise<Float32Array> {
  const b = new Builder();
  const product = b.matmul(b.input('x', [tile, width]), b.constant('weight', [classes, width], weight), {
    transB: true,
  });
  b.output('scores', b.add(product, b.constant('bias', [classes], bias)));
  const scorer = await createEngine('cpu').load(b.graph);
  const found = new Float32Array(rows.length * classes);
  const x = new Float32Array(tile * width);
  try {
    for (let start = 0; start < rows.length; start += tile) {
      const own = rows.slice(start, start + tile);
      own.forEach((row, i) => x.set(values.subarray(row * width, (row + 1) * width), i * width));
      const { scores } = await scorer.run({ x: hostTensor('f32', [tile, width], x) });
      found.set((scores!.data as Float32Array).subarray(0, own.length * classes), start * classes);
    }
  } finally {
    await scorer.dispose();
  }
  return found;
}
