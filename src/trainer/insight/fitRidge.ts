/**
 * The linear head of one task in closed form, with its penalty and the sharpness of its logits chosen by
 * cross-validation on the images that it is trained on.
 */
import { errors } from '../errors/errors.js';
import { addImages, noMoments, sumOf, type Moments } from './moments.js';
import { sharpnesses } from './outOfFold.js';
import { ridgeHead, scoresOf, type LinearHead } from './ridge.js';

export interface RidgeTask {
  images: number;
  /** Numbers of an image, and how many features they stand for. */
  width: number;
  features: number;
  classes: number;
  multiLabel: boolean;
  /** The classes of an image. Without any it counts in a multi-label task alone. */
  classesOf(image: number): readonly number[];
  /** Of each image, 0 to `foldCount` − 1. */
  folds: Uint8Array;
  /** The numbers [count, width] of the images from `first` on, `rowsAtOnce` of them or what is left. */
  read(first: number): Promise<Float32Array>;
  /** Called now and then, with the share that is done where that is known; may throw to end it. */
  onProgress(share?: number): Promise<void>;
}

export const foldCount = 5;
export const rowsAtOnce = 512;

/** Penalties that are tried, as a share of the mean variance of the features. */
const penalties = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
/** Where the search for the best of them begins. */
const usualPenalty = 4;

/** Logits [classes] are its weights times the features, plus its biases. */
export async function fitRidge(task: RidgeTask): Promise<LinearHead> {
  const { width, classes, multiLabel, onProgress } = task;
  const folds = await momentsOf(task);
  const whole = sumOf(folds, width, classes);
  const variance = varianceOf(whole, width) / task.features;
  if (!Number.isFinite(variance)) throw errors.featuresNotFinite();
  const tried = new Map<number, Trial>();
  const lossAt = async (at: number): Promise<number> => {
    const trial = tried.get(at) ?? (await tryPenalty(task, folds, penalties[at]! * variance));
    tried.set(at, trial);
    await onProgress(tried.size / (tried.size + 2));
    return trial.loss;
  };
  // The loss has one valley: downhill to either side until it rises.
  let best = usualPenalty;
  for (const way of [-1, 1])
    while (penalties[best + way] !== undefined && (await lossAt(best + way)) < (await lossAt(best))) best += way;
  const { sharpness } = tried.get(best)!;
  const head = ridgeHead(whole, width, classes, penalties[best]! * variance);
  await onProgress(1);
  return {
    ...head,
    weight: head.weight.map((value) => sharpness * value),
    bias: head.bias.map((value) => sharpness * (multiLabel ? value - 0.5 : value)),
  };
}

/** Calls `use` for the images that count, a few hundred at a time, with their numbers. */
async function eachPart(
  { images, width, multiLabel, classesOf, read }: RidgeTask,
  use: (values: Float32Array, first: number, rows: number[]) => void | Promise<void>,
): Promise<void> {
  for (let first = 0; first < images; first += rowsAtOnce) {
    const values = await read(first);
    const rows = Array.from({ length: values.length / width }, (_, row) => row);
    await use(
      values,
      first,
      rows.filter((row) => multiLabel || classesOf(first + row).length > 0),
    );
  }
}

async function momentsOf(task: RidgeTask): Promise<Moments[]> {
  const { width, classes, classesOf, folds, onProgress } = task;
  const moments = Array.from({ length: foldCount }, () => noMoments(width, classes));
  await eachPart(task, (values, first, rows) =>
    moments.forEach((own, fold) =>
      addImages(
        own,
        values,
        width,
        (row) => classesOf(first + row),
        rows.filter((row) => folds[first + row] === fold),
      ),
    ),
  );
  await onProgress();
  return moments;
}

/** The variances of all numbers together. */
function varianceOf({ images, sum, products }: Moments, width: number): number {
  let total = 0;
  for (let i = 0; i < width; i++) total += products[i * width + i]! / images - (sum[i]! / images) ** 2;
  return total;
}

interface Trial {
  sharpness: number;
  loss: number;
}

/** The sharpness under which the labels of images that a head was not trained on are likeliest, and their loss. */
async function tryPenalty(task: RidgeTask, moments: readonly Moments[], penalty: number): Promise<Trial> {
  const { width, classes, classesOf, folds, onProgress } = task;
  const heads: LinearHead[] = [];
  for (const fold of moments.keys()) {
    const others = sumOf(
      moments.filter((_, i) => i !== fold),
      width,
      classes,
    );
    // Without other images there is nothing to choose by.
    heads.push(ridgeHead(others.images ? others : moments[fold]!, width, classes, penalty));
    await onProgress();
  }
  const losses = new Float64Array(sharpnesses.length);
  await eachPart(task, async (values, first, rows) => {
    for (const [fold, head] of heads.entries()) {
      const held = rows.filter((row) => folds[first + row] === fold);
      const scores = held.length ? await scoresOf(head, values, held) : new Float32Array();
      for (const [i, row] of held.entries()) {
        const own = scores.subarray(i * classes, (i + 1) * classes);
        sharpnesses.forEach((sharpness, s) => (losses[s]! += lossOf(task, own, classesOf(first + row), sharpness)));
      }
    }
  });
  const best = losses.reduce((least, loss, s) => (loss < losses[least]! ? s : least), 0);
  return { sharpness: sharpnesses[best]!, loss: losses[best]! };
}

/** Negative log-likelihood of the labels of an image: by a softmax, or in a multi-label task by a sigmoid for each. */
function lossOf({ multiLabel }: RidgeTask, scores: Float32Array, labels: readonly number[], sharpness: number): number {
  if (multiLabel)
    return scores.reduce((sum, score, c) => {
      const logit = sharpness * (score - 0.5);
      return sum + Math.log1p(Math.exp(labels.includes(c) ? -logit : logit));
    }, 0);
  const highest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const total = scores.reduce((sum, score) => sum + Math.exp(sharpness * (score - highest)), 0);
  return Math.log(total) - sharpness * (scores[labels[0]!]! - highest);
}
