/** The two directions in which features differ most, by subspace iteration: where a map begins. */
import type { Random } from '../core/random.js';
import type { Features } from './features.js';

/** Turns of the iteration: a start need not be exact. */
const turns = 12;
/** How far images that are the same are moved apart, as a share of the plane. */
const jitter = 1e-3;

/** The places [images, 2] in the plane of the two, from −extent to extent. */
export function principalPlane({ values, width }: Features, extent: number, random: Random): Float32Array {
  const images = values.length / width;
  const mean = new Float64Array(width);
  for (let at = 0; at < values.length; at += width)
    for (let d = 0; d < width; d++) mean[d]! += values[at + d]! / images;
  let axes = [0, 1].map(() => Float64Array.from({ length: width }, () => random.normal()));
  for (let turn = 0; turn < turns; turn++) {
    const [first, second] = orthonormal(axes);
    axes = [new Float64Array(width), new Float64Array(width)];
    for (let at = 0; at < values.length; at += width) {
      const [x, y] = project(values, at, mean, first, second);
      for (let d = 0; d < width; d++) {
        const value = values[at + d]! - mean[d]!;
        axes[0]![d]! += x * value;
        axes[1]![d]! += y * value;
      }
    }
  }
  const [first, second] = orthonormal(axes);
  const places = new Float32Array(2 * images);
  let farthest = 0;
  for (let i = 0; i < images; i++) {
    const place = project(values, i * width, mean, first, second);
    places.set(place, 2 * i);
    farthest = Math.max(farthest, Math.abs(place[0]), Math.abs(place[1]));
  }
  const scale = farthest > 0 ? extent / farthest : 0;
  return places.map((value) => value * scale + jitter * extent * random.normal());
}

type Plane = [first: Float64Array, second: Float64Array];

function project(values: Float32Array, at: number, mean: Float64Array, first: Float64Array, second: Float64Array) {
  let [x, y] = [0, 0];
  for (let d = 0; d < mean.length; d++) {
    const value = values[at + d]! - mean[d]!;
    x += value * first[d]!;
    y += value * second[d]!;
  }
  return [x, y] as const;
}

/** Both of length 1 and square to each other; a direction in which nothing differs is zero. */
function orthonormal([first, second]: Float64Array[]): Plane {
  const unit = (vector: Float64Array): Float64Array => {
    const length = Math.hypot(...vector);
    return length > 0 ? vector.map((value) => value / length) : vector;
  };
  const one = unit(first!);
  let shared = 0;
  for (let d = 0; d < one.length; d++) shared += one[d]! * second![d]!;
  return [one, unit(second!.map((value, d) => value - shared * one[d]!))];
}
