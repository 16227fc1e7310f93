/** Resampling of a grid of vectors to another size, in the ways of torch's `interpolate` with `align_corners=False`. */

export type Resampling = 'bicubic' | 'bicubic-antialias' | 'bilinear';

interface Tap {
  index: number;
  weight: number;
}

/** Keys' cubic kernel (Keys, 1981, IEEE TASSP 29(6)); torch takes a = -0.75, and -0.5 where it smooths. */
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  if (x < 2) return a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a;
  return 0;
}

const clamped = (index: number, length: number): number => Math.min(length - 1, Math.max(0, index));

/** The source places, with their weights, of place `i` of `to`. */
const taps: Record<Resampling, (i: number, from: number, to: number) => Tap[]> = {
  bicubic(i, from, to) {
    const centre = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(centre) - 1;
    return [0, 1, 2, 3].map((k) => ({ index: clamped(first + k, from), weight: cubic(centre - first - k, -0.75) }));
  },
  'bicubic-antialias'(i, from, to) {
    const scale = Math.max(1, from / to);
    const centre = ((i + 0.5) * from) / to;
    const first = Math.max(0, Math.trunc(centre - 2 * scale + 0.5));
    const last = Math.min(from, Math.trunc(centre + 2 * scale + 0.5));
    const weights = Array.from({ length: last - first }, (_, k) => cubic((first + k - centre + 0.5) / scale, -0.5));
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight, k) => ({ index: first + k, weight: weight / sum }));
  },
  bilinear(i, from, to) {
    const centre = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const first = Math.floor(centre);
    return [
      { index: first, weight: 1 - (centre - first) },
      { index: clamped(first + 1, from), weight: centre - first },
    ];
  },
};

/** Vectors [from², width] of a square grid for one of [to², width]. */
export function resampled(data: Float32Array, width: number, from: number, to: number, how: Resampling): Float32Array {
  const result = new Float32Array(to * to * width);
  const along = Array.from({ length: to }, (_, i) => taps[how](i, from, to));
  along.forEach((rows, y) =>
    along.forEach((columns, x) => {
      const target = (y * to + x) * width;
      for (const row of rows)
        for (const column of columns) {
          const source = (row.index * from + column.index) * width;
          const weight = row.weight * column.weight;
          for (let i = 0; i < width; i++) result[target + i]! += weight * data[source + i]!;
        }
    }),
  );
  return result;
}
