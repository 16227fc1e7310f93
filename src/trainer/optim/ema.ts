/**
 * An exponential moving average of the weights as a piece of graph (Polyak and Juditsky, 1992; as in Tan and Le, 2019,
 * arXiv:1905.11946).
 */
import type { Builder } from '../ir/builder.js';
import type { Value } from '../ir/value.js';

/**
 * average - (1 - decay) · (average - parameter), in the order of operations of torch_ema; `oneMinusDecay` has shape [].
 */
export function ema(b: Builder, average: Value, parameter: Value, oneMinusDecay: Value): Value {
  return b.sub(average, b.mul(b.sub(average, parameter), oneMinusDecay));
}

/**
 * The decay at the update number `step`, which counts from 0: min(decay, (1 + t) / (10 + t)) with t = step + 1, as
 * TensorFlow's ExponentialMovingAverage and torch_ema have it. So the first weights, which are not trained yet, are
 * soon forgotten.
 */
export const emaDecayAt = (decay: number, step: number): number => Math.min(decay, (2 + step) / (11 + step));
