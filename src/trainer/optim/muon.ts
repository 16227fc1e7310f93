/**
 * Muon (Jordan et al., 2024, kellerjordan.github.io/posts/muon) as a piece of graph: momentum whose update is made
 * orthogonal.
 */
import type { Builder } from '../ir/builder.js';
import type { Value } from '../ir/value.js';

export interface MuonOptions {
  momentum: number;
  weightDecay: number;
}

const steps = 5;
/** Of the quintic x -> a x + b x³ + c x⁵, chosen for its slope at zero. */
const [a, b2, c] = [3.4445, -4.775, 2.0315] as const;

/** About U Vᵀ of the singular value decomposition U S Vᵀ of x [rows, columns], by Newton and Schulz' iteration. */
function orthogonalized(b: Builder, x: Value): Value {
  const [rows, columns] = x.shape as [number, number];
  // The Gram matrix of the shorter side is the smaller one.
  const tall = rows > columns;
  const flat = tall ? b.transpose(x, [1, 0]) : x;
  const norm = b.maximum(b.sqrt(b.total(b.mul(flat, flat))), b.scalar(1e-7));
  let y = b.div(flat, norm);
  for (let step = 0; step < steps; step++) {
    const gram = b.matmul(y, y, { transB: true });
    const polynomial = b.add(b.scale(gram, b2), b.matmul(gram, gram, { alpha: c }));
    y = b.add(b.scale(y, a), b.matmul(polynomial, y));
  }
  return tall ? b.transpose(y, [1, 0]) : y;
}

/**
 * One update of a matrix [rows, columns] in the order of operations of torch.optim.Muon with Nesterov momentum; it is
 * scaled to the size of AdamW's (Liu et al., 2025, arXiv:2502.16982, eq. 4), so that both take the same learning rate
 * and weight decay.
 */
export function muon(
  b: Builder,
  { parameter, m }: { parameter: Value; m: Value },
  grad: Value,
  learningRate: Value,
  o: MuonOptions,
) {
  const nextM = b.add(b.scale(m, o.momentum), b.scale(grad, 1 - o.momentum));
  const direction = orthogonalized(b, b.add(b.scale(grad, 1 - o.momentum), b.scale(nextM, o.momentum)));
  const kept = o.weightDecay ? b.mul(parameter, b.sub(b.scalar(1), b.scale(learningRate, o.weightDecay))) : parameter;
  const size = 0.2 * Math.sqrt(Math.max(...parameter.shape));
  return { parameter: b.sub(kept, b.mul(direction, b.scale(learningRate, size))), m: nextM };
}
