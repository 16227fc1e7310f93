/** AdamW with decoupled weight decay (Loshchilov and Hutter, 2019, arXiv:1711.05101) as a piece of graph. */
import type { Builder } from '../ir/builder.js';
import type { Value } from '../ir/value.js';

export interface AdamWOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

/** The numbers that change with the step, each an input of shape []. */
export interface StepScalars {
  learningRate: Value;
  /** 1 - beta1^t. */
  correction1: Value;
  /** sqrt(1 - beta2^t). */
  correction2: Value;
}

export interface AdamWState {
  parameter: Value;
  /** First and second moment of the gradient. */
  m: Value;
  v: Value;
}

/** One update, in the order of operations of torch.optim.AdamW. */
export function adamw(
  b: Builder,
  { parameter, m, v }: AdamWState,
  grad: Value,
  s: StepScalars,
  o: AdamWOptions,
): AdamWState {
  const nextM = b.add(b.scale(m, o.beta1), b.scale(grad, 1 - o.beta1));
  const nextV = b.add(b.scale(v, o.beta2), b.scale(b.mul(grad, grad), 1 - o.beta2));
  const denominator = b.add(b.div(b.sqrt(nextV), s.correction2), b.scalar(o.epsilon));
  const update = b.mul(b.div(nextM, denominator), b.div(s.learningRate, s.correction1));
  const kept = o.weightDecay ? b.mul(parameter, b.sub(b.scalar(1), b.scale(s.learningRate, o.weightDecay))) : parameter;
  return { parameter: b.sub(kept, update), m: nextM, v: nextV };
}
