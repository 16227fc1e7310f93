/** What the features of a model say of a labelled dataset: how far a linear head gets, and what more images bring. */
import { wilson } from '../../shared/interval.js';
import { spansOf } from '../core/tasks.js';
import { Random } from '../core/random.js';
import type { Dataset } from '../data/dataset.js';
import { targetsOf } from '../data/sample.js';
import { plainOrder } from '../data/store.js';
import { errors } from '../errors/errors.js';
import type { ErrorInfo, Measurement } from '../protocol.js';
import type { FeatureModel } from './featureModel.js';
import { type Features, featuresOf } from './features.js';
import { foldsOf } from './folds.js';
import { Unions } from './groups.js';
import { foldCount } from './labelFindings.js';
import { gainOfDoubling, learningCurve } from './learningCurve.js';
import { nearestNeighbours } from './nearest.js';
import { accuracyOf, bestHead, momentsByFold } from './outOfFold.js';
import { meanOf, standardised } from './standardise.js';

/** More images make the figures no surer than is of use: with 1,000, 80 % are sure to within 2.5 points. */
const mostMeasured = 1000;
const fewestMeasured = 10;
/** One draw of images and folds: the same dataset gets the same advice. */
const seed = 0;
/** Images whose features, without their mean, are as near as this are copies, and stay on one side. */
const copies = { cosine: 0.98, neighbours: 8 };

export interface MeasureOptions {
  cacheFolder: string;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
  onNotice: (notice: ErrorInfo) => void;
}

/** The images to measure on: those to train and validate on, drawn at random where there are many. */
export interface LabelledPaths {
  root: string;
  classes: number;
  paths: string[];
  labels: number[];
  /** How many there are in all. */
  ofImages: number;
}

/** @throws UserError when images have several labels, or when there are too few of them. */
export function labelledPaths({ root, tasks, splits }: Dataset): LabelledPaths {
  const [span, ...others] = spansOf(tasks);
  if (!span || others.length || span.task.multiLabel) throw errors.adviceNeedsOneLabel(root, tasks);
  const all = [...splits.train, ...splits.validation];
  const order = new Random(seed, 'advice').shuffle(plainOrder(all.length)).subarray(0, mostMeasured);
  const samples = [...order].sort((a, b) => a - b).map((row) => all[row]!);
  return {
    root,
    classes: span.task.labels.length,
    paths: samples.map(({ path }) => path),
    labels: samples.map((sample) => targetsOf(sample)[0]!),
    ofImages: all.length,
  };
}

/**
 * Measures a model, named `name`, on labelled images that it was not trained on.
 * @throws UserError when too few images can be read.
 */
export async function measureModel(
  name: string,
  model: FeatureModel,
  { root, classes, paths, labels: given, ofImages }: LabelledPaths,
  options: MeasureOptions,
): Promise<Measurement> {
  const { signal } = options;
  const { rows, ...computed } = await featuresOf(model, root, paths, options);
  const labels = Int32Array.from(rows, (row) => given[row]!);
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const repeated = [...counts.values()].filter((count) => count > 1).length;
  if (rows.length < fewestMeasured || repeated < 2) throw errors.adviceTooFew(root, rows.length);
  const features = standardised(computed, meanOf(computed, [...labels.keys()]));
  const folds = foldsOf(labels, await groupsOf(features, signal), foldCount, seed);
  const data = { features, labels, classes };
  const moments = momentsByFold(data, folds, foldCount);
  await new Promise(setImmediate);
  signal.throwIfAborted();
  const { scores, penalty } = await bestHead(data, folds, moments);
  const accuracy = accuracyOf(scores, labels, classes);
  await new Promise(setImmediate);
  signal.throwIfAborted();
  const curve = await learningCurve(data, folds, moments, penalty);
  const largest = Math.max(...counts.values()) / rows.length;
  const sizes = [...counts.values()].sort((a, b) => a - b);
  return {
    model: name,
    images: rows.length,
    ofImages,
    classes,
    imagesPerClass: Math.round((sizes[sizes.length >> 1]! * ofImages) / rows.length),
    accuracy,
    interval: wilson(Math.round(accuracy * rows.length), rows.length),
    familiarity: Math.max(0, (accuracy - largest) / Math.max(1e-9, 1 - largest)),
    curve,
    gain: gainOfDoubling(curve),
  };
}

/** The set of copies that each image belongs to. */
async function groupsOf(features: Features, signal: AbortSignal): Promise<Int32Array> {
  const { indices, similarities, count } = await nearestNeighbours(features, copies.neighbours, signal);
  const unions = new Unions(features.values.length / features.width);
  indices.forEach((other, i) => {
    if (other >= 0 && similarities[i]! >= copies.cosine) unions.join(Math.floor(i / count), other);
  });
  return unions.numbers();
}
