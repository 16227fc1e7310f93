/**
 * The loss of each image from its logits: cross-entropy or focal loss, for one task or several, each with weights of
 * its labels.
 */
import type { Builder } from '../ir/builder.js';
import type { Value } from '../ir/value.js';

export interface TaskLoss {
  /** How many of the logits are this task's. */
  labels: number;
  /** Whether the labels are independent (sigmoid) instead of exclusive (softmax). */
  multiLabel: boolean;
  /**
   * What a label counts, in the order of the labels; without it each counts 1. Of a multi-label task it is the weight
   * of the label's presence, as `pos_weight` of torch's BCEWithLogitsLoss.
   */
  weights?: Float32Array | undefined;
}

export interface LossSpec {
  /** In the order in which their logits lie side by side. */
  tasks: readonly TaskLoss[];
  /** Focusing parameter γ of the focal loss (Lin et al., 2017, arXiv:1708.02002); without it, cross-entropy. */
  focalGamma?: number | undefined;
}

/** u^γ of a probability u, whose logarithm stays finite at 0. */
const power = (b: Builder, u: Value, gamma: number): Value => b.exp(b.scale(b.log(b.add(u, b.scalar(1e-12))), gamma));

/** -Σ w t (1 - p)^γ log p over the labels, p = softmax(logits): [batch, labels] -> [batch, 1]. */
function softmaxLoss(b: Builder, logits: Value, targets: Value, gamma: number | undefined): Value {
  const logP = b.logSoftmax(logits);
  const surprise = b.neg(b.mul(targets, logP));
  const focused = gamma ? b.mul(surprise, power(b, b.sub(b.scalar(1), b.exp(logP)), gamma)) : surprise;
  return b.sum(focused, [1]);
}

/**
 * The mean over the labels of -(w t (1 - p)^γ log p + (1 - t) p^γ log(1 - p)), p = σ(logits): [batch, labels] ->
 * [batch, 1]. With -log p = softplus(-z) and -log(1 - p) = softplus(z) it is finite for every logit.
 */
function sigmoidLoss(
  b: Builder,
  logits: Value,
  targets: Value,
  weights: Value | undefined,
  gamma: number | undefined,
): Value {
  const [ifPresent, ifAbsent] = [b.softplus(b.neg(logits)), b.softplus(logits)];
  // (1 - p)^γ = e^(γ log(1 - p)) and p^γ = e^(γ log p).
  const focused = (loss: Value, other: Value): Value => (gamma ? b.mul(loss, b.exp(b.scale(other, -gamma))) : loss);
  const present = b.mul(weights ? b.mul(targets, weights) : targets, focused(ifPresent, ifAbsent));
  const absent = b.mul(b.sub(b.scalar(1), targets), focused(ifAbsent, ifPresent));
  return b.meanOverLast(b.add(present, absent));
}

/**
 * The loss of each image [batch], summed over the tasks, from `logits` and `targets` (probabilities), both [batch,
 * labels of all tasks].
 */
export function lossOf(b: Builder, logits: Value, targets: Value, { tasks, focalGamma }: LossSpec): Value {
  let end = 0;
  const losses = tasks.map(({ labels, multiLabel, weights: data }, i) => {
    const start = end;
    end += labels;
    const [own, wanted] = [logits, targets].map((value) => b.slice(value, 1, start, end)) as [Value, Value];
    const weights = data && b.constant(`loss.weights.${i}`, [1, labels], data);
    if (multiLabel) return sigmoidLoss(b, own, wanted, weights, focalGamma);
    return softmaxLoss(b, own, weights ? b.mul(wanted, weights) : wanted, focalGamma);
  });
  return b.reshape(
    losses.reduce((sum, loss) => b.add(sum, loss)),
    [logits.shape[0]!],
  );
}
