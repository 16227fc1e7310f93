/** From logits to probabilities, which a temperature above 1 makes less sure and one below 1 surer. */

/** Of labels of which exactly one is right: they sum to 1. */
export function softmax(logits: ArrayLike<number>, temperature = 1): number[] {
  let greatest = -Infinity;
  for (let i = 0; i < logits.length; i++) greatest = Math.max(greatest, logits[i]!);
  const powers = Array.from(logits, (logit) => Math.exp((logit - greatest) / temperature));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** Of labels any number of which may be right: each has its own. */
export const sigmoid = (logits: ArrayLike<number>, temperature = 1): number[] =>
  Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit / temperature)));

/** The logarithm of the sum of exponentials, without overflow. */
export function logSumExp(logits: ArrayLike<number>): number {
  let greatest = -Infinity;
  for (let i = 0; i < logits.length; i++) greatest = Math.max(greatest, logits[i]!);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - greatest);
  return greatest + Math.log(sum);
}
