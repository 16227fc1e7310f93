/** The bank of a checkpoint: what the head reads of some training images, to hold new images against. */
import { readHalves, toHalves } from '../core/float16.js';
import { Random } from '../core/random.js';
import { countLabels } from '../core/tasks.js';
import { targetsOf, type Labels } from '../data/sample.js';
import { unitRows } from '../nn/neighbors.js';
import type { Task } from '../protocol.js';

/** Bytes that the features of a bank may take; they are stored in half precision. */
export const bankBytes = 2_000_000 - 16_384;

/** How many images of `width` numbers each a bank holds at most. */
export const mostInBank = (width: number): number => Math.max(1, Math.floor(bankBytes / (2 * width)));

export interface Neighbors {
  /** The mean cosine distance of the nearest images, 0 to 2. */
  distance: number;
  /** The labels of these, the nearest first. */
  labels: number[];
  /** Which images these are, with their cosine similarity. */
  images: { row: number; similarity: number }[];
}

export class Bank {
  private constructor(
    /** Features [images, width] of length 1. */
    readonly rows: Float32Array,
    readonly width: number,
    /** A label of each image, counted through all tasks. */
    readonly labels: readonly number[],
    /** The path of each image, where it is known (`UnknownRule.paths`). */
    readonly paths?: readonly string[],
  ) {}

  /** Of features [images, width] of any length, in the precision in which they are stored. */
  static of(features: readonly Float32Array[], labels: readonly number[], paths?: readonly string[]): Bank {
    const width = features[0]!.length;
    const flat = new Float32Array(features.length * width);
    features.forEach((row, i) => flat.set(row, i * width));
    const rounded = new Float32Array(flat.length);
    readHalves(toHalves(unitRows(flat, width)), rounded);
    return new Bank(rounded, width, labels, paths);
  }

  /** As it was stored. */
  static stored(rows: Float32Array, width: number, labels: readonly number[], paths?: readonly string[]): Bank {
    return new Bank(rows, width, labels, paths);
  }

  /** The `count` training images nearest to features [width], by cosine distance. */
  nearest(features: Float32Array, count: number): Neighbors {
    const { rows, width } = this;
    const own = unitRows(features, width);
    const best: { similarity: number; row: number }[] = [];
    for (let start = 0, image = 0; start < rows.length; start += width, image++) {
      let similarity = 0;
      for (let k = 0; k < width; k++) similarity += rows[start + k]! * own[k]!;
      if (best.length === count && similarity <= best.at(-1)!.similarity) continue;
      const place = best.findIndex((each) => each.similarity < similarity);
      best.splice(place < 0 ? best.length : place, 0, { similarity, row: image });
      if (best.length > count) best.pop();
    }
    const mean = best.reduce((sum, { similarity }) => sum + similarity, 0) / best.length;
    return { distance: 1 - mean, labels: best.map(({ row }) => this.labels[row]!), images: best };
  }
}

/** Asks about training images, in batches, and keeps their features in a bank; undefined where none can be read. */
export async function collectBank<Images>(
  batches: AsyncIterable<{ images: Images; count: number; samples: readonly number[] }>,
  infer: (images: Images) => Promise<{ embedding: Float32Array }>,
  o: { width: number; labelOf: (image: number) => number; pathOf: (image: number) => string },
): Promise<Bank | undefined> {
  const features: Float32Array[] = [];
  const taken: number[] = [];
  for await (const { images, count, samples } of batches) {
    if (!count) continue;
    const { embedding } = await infer(images);
    for (let row = 0; row < count; row++) {
      features.push(embedding.slice(row * o.width, (row + 1) * o.width));
      taken.push(samples[row]!);
    }
    // Messages are handled between batches, which block this thread.
    await new Promise(setImmediate);
  }
  return features.length ? Bank.of(features, taken.map(o.labelOf), taken.map(o.pathOf)) : undefined;
}

/** The label by which an image counts in a bank, counted through all tasks: its first, or one past the last. */
export const bankLabel = (labels: Labels, tasks: readonly Task[]): number => targetsOf(labels)[0] ?? countLabels(tasks);

/**
 * Which of the images `candidates` a bank of at most `count` takes: at random by `seed`, from each label in turn, so
 * that rare labels are in it.
 */
export function chooseForBank(
  candidates: Uint32Array,
  labelOf: (image: number) => number,
  count: number,
  seed: number,
): Uint32Array {
  const byLabel = new Map<number, number[]>();
  for (const image of new Random(seed, 'bank').shuffle(candidates.slice())) {
    const label = labelOf(image);
    const found = byLabel.get(label);
    if (found) found.push(image);
    else byLabel.set(label, [image]);
  }
  const chosen: number[] = [];
  for (let turn = 0; chosen.length < Math.min(count, candidates.length); turn++)
    for (const images of byLabel.values())
      if (turn < images.length && chosen.length < count) chosen.push(images[turn]!);
  return Uint32Array.from(chosen.sort((a, b) => a - b));
}
