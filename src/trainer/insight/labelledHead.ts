/** What the images in class folders teach about the others: a ridge head, and how far an image may be from them. */
import { softmax } from '../../shared/probabilities.js';
import { unitRows } from '../nn/neighbors.js';
import { foldsOf } from './folds.js';
import { fitRidge, foldCount, rowsAtOnce } from './fitRidge.js';
import type { Features } from './features.js';
import { scoresOf } from './ridge.js';

/** Images of the classes that are nearest to an image, and count for whether it is known (as in docs/unknown.md). */
const neighbours = 5;
/** The share of the labelled images that count as known. */
const accepted = 0.95;

export interface Taught {
  /** [images, classes], each row summing to 1. */
  probabilities: Float32Array;
  /** [images]: whether an image is farther from the labelled ones than these are from each other. */
  isUnknown: boolean[];
}

/**
 * What `labels` of the first rows of standardised features say about the rows after them. Its penalty, and how sure its
 * probabilities are, are those under which the labels are likeliest in cross-validation.
 */
export async function teach(
  features: Features,
  labels: Int32Array,
  classes: number,
  signal: AbortSignal,
): Promise<Taught> {
  const { values, width } = features;
  const images = labels.length;
  const head = await fitRidge({
    images,
    width,
    features: width,
    classes,
    multiLabel: false,
    classesOf: (image) => [labels[image]!],
    folds: foldsOf(
      labels,
      labels.map((_, image) => image),
      foldCount,
      0,
    ),
    read: (first) => Promise.resolve(values.subarray(first * width, Math.min(images, first + rowsAtOnce) * width)),
    onProgress: async () => {
      await new Promise(setImmediate);
      signal.throwIfAborted();
    },
  });
  const others = Array.from({ length: values.length / width - images }, (_, i) => images + i);
  const scores = await scoresOf(head, values, others);
  const probabilities = new Float32Array(scores.length);
  for (let start = 0; start < scores.length; start += classes)
    probabilities.set(softmax(scores.subarray(start, start + classes)), start);
  return { probabilities, isUnknown: await unknownOf(features, images, signal) };
}

/** Of the rows from `labelled` on: whether each is farther from those before than 95 % of these from each other. */
async function unknownOf({ values, width }: Features, labelled: number, signal: AbortSignal): Promise<boolean[]> {
  const unit = unitRows(values, width);
  const images = values.length / width;
  const distances = new Float64Array(images);
  for (let i = 0; i < images; i++) {
    if (i % 64 === 0) await new Promise(setImmediate);
    signal.throwIfAborted();
    const nearest: number[] = [];
    for (let j = 0; j < labelled; j++) {
      if (i === j) continue;
      let similarity = 0;
      for (let k = 0; k < width; k++) similarity += unit[i * width + k]! * unit[j * width + k]!;
      if (nearest.length === neighbours && similarity <= nearest.at(-1)!) continue;
      const place = nearest.findIndex((each) => each < similarity);
      nearest.splice(place < 0 ? nearest.length : place, 0, similarity);
      if (nearest.length > neighbours) nearest.pop();
    }
    distances[i] = 1 - nearest.reduce((sum, each) => sum + each, 0) / Math.max(1, nearest.length);
  }
  const known = distances.slice(0, labelled).sort();
  const threshold = known[Math.ceil(accepted * labelled) - 1]!;
  return Array.from(distances.subarray(labelled), (distance) => distance > threshold);
}
