/** Which methods nobody beats: for less of a cost no other is as accurate. Knows no DOM. */

export interface CostPoint {
  method: string;
  cost: number;
  accuracy: number;
}

/** The points that no other beats in one without losing in the other, by rising cost. */
export function frontierOf<Point extends CostPoint>(points: readonly Point[]): Point[] {
  const beats = (a: Point, b: Point): boolean =>
    a.cost <= b.cost && a.accuracy >= b.accuracy && (a.cost < b.cost || a.accuracy > b.accuracy);
  return points
    .filter((point) => !points.some((other) => beats(other, point)))
    .sort((a, b) => a.cost - b.cost || b.accuracy - a.accuracy);
}

/** A place between 0 and 1 on a logarithmic axis from the smallest to the largest cost; a cost of 0 is at its begin. */
export function logPlace(cost: number, costs: readonly number[]): number {
  const positive = costs.filter((each) => each > 0);
  if (positive.length === 0 || cost <= 0) return 0;
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  // Where some cost nothing, the cheapest of the others is a decade from them.
  const from = positive.length < costs.length ? least / 10 : least;
  return most === from ? 0.5 : Math.log(cost / from) / Math.log(most / from);
}
