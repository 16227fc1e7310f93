/** Exponential moving average without the bias towards its start (Kingma & Ba 2015, section 3). */

/**
 * `weight` in 0 (the values themselves) to below 1. A value that is not finite is passed on and leaves the average as
 * it is.
 */
export function smooth(values: readonly number[], weight: number): number[] {
  let average = 0;
  let mass = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    average = weight * average + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return average / mass;
  });
}
