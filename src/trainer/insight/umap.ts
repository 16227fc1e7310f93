/**
 * UMAP (McInnes, Healy and Melville, arXiv:1802.03426): a place in the plane for each image, so that images whose
 * features are near lie near each other. The defaults are those of the authors' umap-learn.
 */
import { Random } from '../core/random.js';
import type { Features } from './features.js';
import type { Neighbours } from './nearest.js';
import { principalPlane } from './principalPlane.js';

/** How the places are found. What changes them is part of a kept map's name. */
export const mapSettings = { version: 1, neighbours: 15, seed: 0 };

/** The curve 1 / (1 + a·d^(2b)) that is 1 up to a distance of 0.1 and falls off over 1, as umap-learn fits it. */
const [a, b] = [1.5769434603113077, 0.8950608779109733];
/** Which half of a number the upper one is. */
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
/** Images that push an image away for each that draws it. */
const pushes = 5;
/** The longest step in one direction. */
const longest = 4;
/** Half a side of the plane at the start. */
const extent = 10;

export interface LayoutOptions {
  signal?: AbortSignal | undefined;
  /** The share that is done. */
  onProgress?: ((share: number) => void) | undefined;
}

/**
 * The places [images, 2] of at least three images. The same features have the same places.
 * @throws the reason of `signal`, between two epochs.
 */
export async function umap(features: Features, neighbours: Neighbours, o: LayoutOptions = {}): Promise<Float32Array> {
  const images = features.values.length / features.width;
  const epochs = images <= 10_000 ? 500 : 200;
  const random = new Random(mapSettings.seed, 'umap');
  const places = principalPlane(features, extent, random);
  const edges = prune(fuzzyGraph(neighbours, images), epochs);
  // In how many epochs an edge was drawn, and when its next turn is.
  const next = edges.weights.map((weight) => 1 / weight);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    o.signal?.throwIfAborted();
    step(places, edges, next, epoch, 1 - (epoch - 1) / epochs, random);
    o.onProgress?.(epoch / epochs);
    // An epoch blocks this thread; a cancellation is heard between two.
    await new Promise(setImmediate);
  }
  return places;
}

/** Edges between images, by the image that each begins at: those of `i` lie from `starts[i]` to `starts[i + 1]`. */
export interface Graph {
  starts: Uint32Array;
  ends: Uint32Array;
  /** Of each edge, 0 to 1. */
  weights: Float32Array;
}

/** How surely two images belong together, each by its own measure of near (section 3.1), joined to one answer. */
export function fuzzyGraph({ indices, similarities, count }: Neighbours, images: number): Graph {
  const near = Math.min(count, mapSettings.neighbours);
  const own = new Float32Array(images * near);
  const distances = new Float64Array(near);
  const degrees = new Uint32Array(images);
  for (let i = 0; i < images; i++) {
    for (let k = 0; k < near; k++) distances[k] = Math.max(0, 1 - similarities[i * count + k]!);
    own.set(membership(distances), i * near);
    for (let k = 0; k < near; k++) degrees[indices[i * count + k]!]!++;
  }
  // Who has an image among its neighbours.
  const begins = new Uint32Array(images + 1);
  for (let i = 0; i < images; i++) begins[i + 1] = begins[i]! + degrees[i]!;
  const from = new Uint32Array(images * near);
  const back = new Float32Array(images * near);
  const filled = begins.slice();
  for (let i = 0; i < images; i++)
    for (let k = 0; k < near; k++) {
      const at = filled[indices[i * count + k]!]!++;
      from[at] = i;
      back[at] = own[i * near + k]!;
    }
  return joined(images, (i, add) => {
    for (let k = 0; k < near; k++) add(indices[i * count + k]!, own[i * near + k]!);
    for (let at = begins[i]!; at < begins[i + 1]!; at++) add(from[at]!, back[at]!);
  });
}

/** Of what is said of a pair once or twice: p + q − p·q. */
function joined(images: number, of: (image: number, add: (other: number, weight: number) => void) => void): Graph {
  const starts = new Uint32Array(images + 1);
  const ends: number[] = [];
  const weights: number[] = [];
  const placeOf = new Int32Array(images).fill(-1);
  for (let i = 0; i < images; i++) {
    const start = ends.length;
    of(i, (other, weight) => {
      const at = placeOf[other]!;
      if (at >= start) weights[at] = weights[at]! + weight - weights[at]! * weight;
      else {
        placeOf[other] = ends.push(other) - 1;
        weights.push(weight);
      }
    });
    starts[i + 1] = ends.length;
  }
  return { starts, ends: Uint32Array.from(ends), weights: Float32Array.from(weights) };
}

/**
 * How surely each of the neighbours belongs to an image: 1 for the nearest, falling so that all together make log2 of
 * their number. The nearest come first.
 */
function membership(distances: Float64Array): Float64Array {
  const nearest = distances.find((distance) => distance > 0) ?? 0;
  const beyond = distances.map((distance) => Math.max(0, distance - nearest));
  const wanted = Math.log2(distances.length + 1);
  let [low, scale, high] = [0, 1, Infinity];
  for (let turn = 0; turn < 64; turn++) {
    let sum = 0;
    for (const distance of beyond) sum += Math.exp(-distance / scale);
    if (Math.abs(sum - wanted) < 1e-5) break;
    if (sum > wanted) high = scale;
    else low = scale;
    scale = high === Infinity ? 2 * scale : (low + high) / 2;
  }
  let mean = 0;
  for (const distance of distances) mean += distance / distances.length;
  const least = Math.max(scale, 1e-3 * mean, Number.MIN_VALUE);
  return beyond.map((distance) => Math.exp(-distance / least));
}

/** Without edges that would never have their turn, and with weights as a share of the largest. */
function prune({ starts, ends, weights }: Graph, epochs: number): Graph {
  let largest = 0;
  for (const weight of weights) largest = Math.max(largest, weight);
  const kept: Graph = { starts: new Uint32Array(starts.length), ends: ends.slice(), weights: weights.slice() };
  let count = 0;
  for (let i = 0; i + 1 < starts.length; i++) {
    for (let edge = starts[i]!; edge < starts[i + 1]!; edge++) {
      const share = weights[edge]! / largest;
      if (!(share >= 1 / epochs)) continue;
      kept.ends[count] = ends[edge]!;
      kept.weights[count++] = share;
    }
    kept.starts[i + 1] = count;
  }
  return { starts: kept.starts, ends: kept.ends.subarray(0, count), weights: kept.weights.subarray(0, count) };
}

/** One epoch (section 4.2): an edge whose turn it is draws its two images together, and others push the first away. */
function step(
  places: Float32Array,
  { starts, ends, weights }: Graph,
  next: Float32Array,
  epoch: number,
  rate: number,
  random: Random,
): void {
  const images = starts.length - 1;
  for (let i = 0; i < images; i++) {
    for (let edge = starts[i]!; edge < starts[i + 1]!; edge++) {
      if (next[edge]! > epoch) continue;
      next[edge]! += 1 / weights[edge]!;
      draw(places, 2 * i, 2 * ends[edge]!, rate);
      for (let push = 0; push < pushes; push++) {
        const other = random.below(images);
        if (other !== i) pushAway(places, 2 * i, 2 * other, rate);
      }
    }
  }
}

const bounded = (value: number): number => (value > longest ? longest : value < -longest ? -longest : value);

/**
 * A function of a positive number, looked up by the upper half of its bits: as exact as 2^-8 of the number, in a tenth
 * of the time of a power.
 */
class Curve {
  readonly #values = new Float32Array(2 ** 15);
  readonly #number = new Float32Array(1);
  readonly #half = new Uint16Array(this.#number.buffer, isLittleEndian ? 2 : 0, 1);

  constructor(of: (value: number) => number) {
    for (let half = 0; half < this.#values.length; half++) {
      this.#number[0] = 0;
      this.#half[0] = half;
      const least = this.#number[0]!;
      this.#half[0] = half + 1;
      // In the middle of the numbers that share these bits; beyond the largest the curve is 0.
      const value = of((least + this.#number[0]!) / 2);
      this.#values[half] = Number.isFinite(value) ? value : 0;
    }
  }

  at(value: number): number {
    this.#number[0] = value;
    return this.#values[this.#half[0]!]!;
  }
}

const pull = new Curve((squared) => (-2 * a * b * squared ** (b - 1)) / (1 + a * squared ** b));
const push = new Curve((squared) => (2 * b) / ((0.001 + squared) * (1 + a * squared ** b)));

function draw(places: Float32Array, i: number, j: number, rate: number): void {
  const x = places[i]! - places[j]!;
  const y = places[i + 1]! - places[j + 1]!;
  const squared = x * x + y * y;
  if (squared === 0) return;
  const force = pull.at(squared);
  const [byX, byY] = [rate * bounded(force * x), rate * bounded(force * y)];
  places[i]! += byX;
  places[i + 1]! += byY;
  places[j]! -= byX;
  places[j + 1]! -= byY;
}

function pushAway(places: Float32Array, i: number, j: number, rate: number): void {
  const x = places[i]! - places[j]!;
  const y = places[i + 1]! - places[j + 1]!;
  const squared = x * x + y * y;
  if (squared === 0) return;
  const force = push.at(squared);
  places[i]! += rate * bounded(force * x);
  places[i + 1]! += rate * bounded(force * y);
}
