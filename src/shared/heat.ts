/** The colour of heat: how an overlay shows how much a place counts. */

/** Corners of matplotlib's "inferno" (Smith and van der Walt, 2015), which is ordered for colour-blind people too. */
const corners: readonly (readonly [number, number, number])[] = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
];

/** Red, green, blue and opacity, each 0 to 255, of a value from 0 to 1: what counts for nothing is covered most. */
export function heatColour(value: number): [number, number, number, number] {
  const place = Math.min(1, Math.max(0, value)) * (corners.length - 1);
  const below = Math.min(corners.length - 2, Math.floor(place));
  const [a, b, share] = [corners[below]!, corners[below + 1]!, place - below];
  const mixed = (i: 0 | 1 | 2): number => Math.round(a[i] + share * (b[i] - a[i]));
  return [mixed(0), mixed(1), mixed(2), 150];
}

/** The value at a place of a grid, in shares of its width and height, by bilinear interpolation of its middles. */
export function heatAt(
  { rows, columns, values }: { rows: number; columns: number; values: readonly number[] },
  x: number,
  y: number,
): number {
  const inside = (place: number, count: number): number => Math.min(count - 1, Math.max(0, place * count - 0.5));
  const [u, v] = [inside(x, columns), inside(y, rows)];
  const [left, top] = [Math.floor(u), Math.floor(v)];
  const [right, bottom] = [Math.min(columns - 1, left + 1), Math.min(rows - 1, top + 1)];
  const at = (row: number, column: number): number => values[row * columns + column]!;
  const across = (row: number): number => at(row, left) + (u - left) * (at(row, right) - at(row, left));
  return across(top) + (v - top) * (across(bottom) - across(top));
}
