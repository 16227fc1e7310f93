/**
 * Fewer points for the same image: keeps, of each stretch of a series, the places of its lowest and highest value.
 */

/**
 * Indices (rising, first and last included) of at most about `limit` points of `values[from..to)`. Lowest and highest
 * of each stretch stay, so no spike is lost; a value that is not finite counts as the highest, so it is not lost
 * either.
 */
export function decimate(values: readonly number[], limit: number, from = 0, to = values.length): number[] {
  const count = to - from;
  if (count <= limit) return Array.from({ length: Math.max(0, count) }, (_, index) => from + index);
  const stretches = Math.max(1, Math.floor((limit - 2) / 2));
  const kept = [from];
  for (let stretch = 0; stretch < stretches; stretch += 1) {
    const begin = from + 1 + Math.floor((stretch * (count - 2)) / stretches);
    const end = from + 1 + Math.floor(((stretch + 1) * (count - 2)) / stretches);
    if (begin >= end) continue;
    let low = begin;
    let high = begin;
    for (let index = begin + 1; index < end; index += 1) {
      if (height(values[index]!) < height(values[low]!)) low = index;
      if (height(values[index]!) > height(values[high]!)) high = index;
    }
    kept.push(Math.min(low, high));
    if (low !== high) kept.push(Math.max(low, high));
  }
  kept.push(to - 1);
  return kept;
}

function height(value: number): number {
  return Number.isFinite(value) ? value : Number.POSITIVE_INFINITY;
}
