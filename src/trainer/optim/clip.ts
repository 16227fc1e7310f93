/** Gradient clipping by global norm (Pascanu, Mikolov and Bengio, 2013, arXiv:1211.5063) as a piece of graph. */
import type { Builder } from '../ir/builder.js';
import type { Value } from '../ir/value.js';

/**
 * The global norm (shape []) and the gradients scaled so that it is at most `maxNorm`, as torch's clip_grad_norm_ does;
 * 0 clips nothing.
 */
export function clipByGlobalNorm(
  b: Builder,
  grads: readonly Value[],
  maxNorm: number,
): { norm: Value; grads: Value[] } {
  const norm = b.sqrt(grads.map((grad) => b.total(b.mul(grad, grad))).reduce((sum, square) => b.add(sum, square)));
  if (!maxNorm) return { norm, grads: [...grads] };
  const factor = b.minimum(b.scalar(1), b.div(b.scalar(maxNorm), b.add(norm, b.scalar(1e-6))));
  return { norm, grads: grads.map((grad) => b.mul(grad, factor)) };
}
