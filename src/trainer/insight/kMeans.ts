/** Clusters of images by their features: Lloyd's k-means with weights, and how many clusters there seem to be. */
import { Random } from '../core/random.js';
import type { Features } from './features.js';

export interface Clusters {
  count: number;
  /** [images]: which cluster each is in. */
  of: Uint32Array;
  /** [images]: the squared distance to the middle of its cluster. */
  distance: Float64Array;
  /** The sum of these, each times the weight of its image. */
  loss: number;
}

export interface ClusterOptions {
  signal: AbortSignal;
  seed: number;
  /** [images]: how much each counts. By default all the same. */
  weights?: Float64Array;
  /** From so many first guesses the best end is taken. */
  tries?: number;
}

const mostRounds = 60;

/**
 * Divides features [images, width] into `count` clusters, at most as many as there are images. The first middles are
 * drawn as k-means++ does (Arthur and Vassilvitskii, 2007).
 */
export async function kMeans(features: Features, count: number, o: ClusterOptions): Promise<Clusters> {
  const images = features.values.length / features.width;
  const weights = o.weights ?? new Float64Array(images).fill(1);
  const clusters = Math.min(count, images);
  let best: Clusters | undefined;
  for (let turn = 0; turn < (o.tries ?? 5); turn++) {
    const random = new Random(o.seed, 'k-means', clusters, turn);
    const found = await lloyd(features, firstMiddles(features, weights, clusters, random), weights, o.signal);
    if (!best || found.loss < best.loss) best = found;
  }
  return best!;
}

/** Middles [count, width]: images, each drawn the likelier the farther it is from those before. */
function firstMiddles({ values, width }: Features, weights: Float64Array, count: number, random: Random): Float64Array {
  const images = weights.length;
  const middles = new Float64Array(count * width);
  const nearest = new Float64Array(images).fill(Infinity);
  for (let c = 0; c < count; c++) {
    const mass = c === 0 ? weights : nearest.map((distance, i) => distance * weights[i]!);
    const chosen = drawn(mass, random);
    for (let k = 0; k < width; k++) middles[c * width + k] = values[chosen * width + k]!;
    for (let i = 0; i < images; i++) nearest[i] = Math.min(nearest[i]!, squared(values, i, middles, c, width));
  }
  return middles;
}

/** An index, each as likely as its share of the sum; where all are 0, any. */
function drawn(mass: Float64Array, random: Random): number {
  const total = mass.reduce((a, b) => a + b, 0);
  if (!(total > 0)) return random.below(mass.length);
  let left = random.uniform() * total;
  const found = mass.findIndex((own) => (left -= own) < 0);
  return found < 0 ? mass.findLastIndex((own) => own > 0) : found;
}

function squared(a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number, width: number): number {
  let sum = 0;
  for (let k = 0; k < width; k++) sum += (a[i * width + k]! - b[j * width + k]!) ** 2;
  return sum;
}

async function lloyd(
  { values, width }: Features,
  middles: Float64Array,
  weights: Float64Array,
  signal: AbortSignal,
): Promise<Clusters> {
  const images = weights.length;
  const count = middles.length / width;
  const of = new Uint32Array(images);
  const distance = new Float64Array(images);
  for (let round = 0; ; round++) {
    let isChanged = round === 0;
    for (let i = 0; i < images; i++) {
      // A cancellation is heard between two parts.
      if (i % 4096 === 0) await new Promise(setImmediate);
      if (i % 4096 === 0) signal.throwIfAborted();
      let [best, least] = [0, Infinity];
      for (let c = 0; c < count; c++) {
        const own = squared(values, i, middles, c, width);
        if (own < least) [best, least] = [c, own];
      }
      isChanged ||= best !== of[i];
      of[i] = best;
      distance[i] = least;
    }
    if (!isChanged || round === mostRounds) break;
    moveMiddles({ values, width }, middles, weights, of, distance);
  }
  return { count, of, distance, loss: distance.reduce((sum, own, i) => sum + own * weights[i]!, 0) };
}

/** Each middle becomes the mean of its images; one that has none becomes the image that lies farthest from its own. */
function moveMiddles(
  { values, width }: Features,
  middles: Float64Array,
  weights: Float64Array,
  of: Uint32Array,
  distance: Float64Array,
): void {
  const masses = new Float64Array(middles.length / width);
  middles.fill(0);
  for (let i = 0; i < of.length; i++) {
    const [c, weight] = [of[i]!, weights[i]!];
    masses[c]! += weight;
    for (let k = 0; k < width; k++) middles[c * width + k]! += weight * values[i * width + k]!;
  }
  for (const [c, mass] of masses.entries()) {
    if (mass > 0) for (let k = 0; k < width; k++) middles[c * width + k]! /= mass;
    else {
      const farthest = distance.reduce((most, own, i) => (own > distance[most]! ? i : most), 0);
      for (let k = 0; k < width; k++) middles[c * width + k] = values[farthest * width + k]!;
      distance[farthest] = 0;
    }
  }
}

/** Images whose silhouettes are looked at. */
const sampled = 1000;

/**
 * The mean silhouette (Rousseeuw, 1987) of images of a sample: how much nearer an image is to the others of its cluster
 * than to those of the next. Features are of one length.
 */
export class Silhouettes {
  readonly #images: number[];
  /** [sample, sample]: distances. */
  readonly #distances: Float32Array;

  constructor({ values, width }: Features, seed: number) {
    const all = Uint32Array.from({ length: values.length / width }, (_, i) => i);
    this.#images = [...new Random(seed, 'silhouettes').shuffle(all).subarray(0, sampled)];
    const count = this.#images.length;
    this.#distances = new Float32Array(count * count);
    for (let i = 0; i < count; i++)
      for (let j = 0; j < i; j++) {
        const distance = Math.sqrt(squared(values, this.#images[i]!, values, this.#images[j]!, width));
        this.#distances[i * count + j] = this.#distances[j * count + i] = distance;
      }
  }

  of(clusters: Clusters): number {
    const { length } = this.#images;
    const own = this.#images.map((image) => clusters.of[image]!);
    const sizes = new Float64Array(clusters.count);
    for (const cluster of own) sizes[cluster]!++;
    let total = 0;
    for (let i = 0; i < length; i++) {
      // An image alone in its cluster counts 0.
      if (sizes[own[i]!]! < 2) continue;
      const sums = new Float64Array(clusters.count);
      for (let j = 0; j < length; j++) sums[own[j]!]! += this.#distances[i * length + j]!;
      const within = sums[own[i]!]! / (sizes[own[i]!]! - 1);
      let next = Infinity;
      for (let c = 0; c < clusters.count; c++)
        if (c !== own[i] && sizes[c]! > 0) next = Math.min(next, sums[c]! / sizes[c]!);
      const most = Math.max(within, next);
      if (most > 0 && next < Infinity) total += (next - within) / most;
    }
    return length ? total / length : 0;
  }
}

/** Numbers of clusters that are tried where none is asked for. */
const candidates = [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100];
/** So many images a cluster has at least, on average. */
const leastImages = 4;

/**
 * The clusters of features, in as many as have the greatest mean silhouette; with `count`, in so many. `silhouette` is
 * theirs.
 */
export async function chooseClusters(
  features: Features,
  count: number | undefined,
  o: ClusterOptions & { onProgress: (share: number) => void },
): Promise<Clusters & { silhouette: number }> {
  const silhouettes = new Silhouettes(features, o.seed);
  const images = features.values.length / features.width;
  const tried = count ? [count] : candidates.filter((each, i) => i === 0 || each * leastImages <= images);
  let best: (Clusters & { silhouette: number }) | undefined;
  for (const [i, each] of tried.entries()) {
    const clusters = await kMeans(features, each, o);
    const silhouette = silhouettes.of(clusters);
    if (!best || silhouette > best.silhouette) best = { ...clusters, silhouette };
    o.onProgress((i + 1) / tried.length);
  }
  return best!;
}
