/** What a head says of images that it was not trained on: cross-validation of a linear head and of the neighbours. */
import type { Features } from './features.js';
import { addImages, noMoments, sumOf, type Moments } from './moments.js';
import type { Neighbours } from './nearest.js';
import { ridgeHead, scoresOf } from './ridge.js';

/** `features` are standardised; `labels` are class indices, -1 for an image without. */
export interface Labelled {
  features: Features;
  labels: Int32Array;
  classes: number;
}

export interface Predictions {
  /** [images, classes], each row summing to 1. */
  probabilities: Float32Array;
  /** Share of the labelled images whose likeliest class is their label. */
  accuracy: number;
  /** The penalty of the head that was likeliest right. */
  penalty: number;
}

/** Penalties that are tried; features have variance 1, so they mean the same for every model. */
const penalties = [0.01, 0.03, 0.1, 0.3, 1];
/** What scores of a ridge, which lie about 0 and 1, are multiplied by to be logits. */
export const sharpnesses = [2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 30];

/** Parts of a fold, so that a head can also be trained on a share of the others. */
export const partsOfFold = 4;

/** Moments of each part of each fold, by fold · `partsOfFold` + part. Only images with a label count. */
export function momentsByFold({ features, labels, classes }: Labelled, folds: Uint8Array, count: number): Moments[] {
  const { values, width } = features;
  const rows = Array.from({ length: count * partsOfFold }, (): number[] => []);
  const seen = new Map<string, number>();
  for (let i = 0; i < labels.length; i++) {
    if (labels[i]! < 0) continue;
    // Each class goes round the parts, from another one each, so that small classes fill them all.
    const key = `${folds[i]} ${labels[i]}`;
    const turn = seen.get(key) ?? folds[i]! + labels[i]!;
    seen.set(key, turn + 1);
    rows[folds[i]! * partsOfFold + (turn % partsOfFold)]!.push(i);
  }
  return rows.map((own) => {
    const moments = noMoments(width, classes);
    addImages(moments, values, width, (row) => [labels[row]!], own);
    return moments;
  });
}

/** Scores [images, classes] of each image by the head that was trained on `parts` of the other folds. */
export async function outOfFoldScores(
  { features, labels, classes }: Labelled,
  folds: Uint8Array,
  moments: readonly Moments[],
  penalty: number,
  parts = partsOfFold,
): Promise<Float32Array> {
  const { values, width } = features;
  const count = moments.length / partsOfFold;
  const scores = new Float32Array(labels.length * classes);
  for (let fold = 0; fold < count; fold++) {
    const training = moments.filter((_, i) => Math.floor(i / partsOfFold) !== fold && i % partsOfFold < parts);
    const total = sumOf(training, width, classes);
    if (total.images === 0) continue;
    const head = ridgeHead(total, width, classes, penalty);
    const rows = [...labels.keys()].filter((i) => folds[i] === fold);
    const own = await scoresOf(head, values, rows);
    rows.forEach((row, i) => scores.set(own.subarray(i * classes, (i + 1) * classes), row * classes));
  }
  return scores;
}

/** Mean negative log-likelihood of the labels by scores that are made sharper. */
function lossOf(scores: Float32Array, labels: Int32Array, classes: number, sharpness: number): number {
  let [sum, images] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i]! < 0) continue;
    const row = scores.subarray(i * classes, (i + 1) * classes);
    let highest = -Infinity;
    for (const score of row) highest = Math.max(highest, score);
    let total = 0;
    for (const score of row) total += Math.exp(sharpness * (score - highest));
    sum += Math.log(total) - sharpness * (row[labels[i]!]! - highest);
    images++;
  }
  return sum / Math.max(1, images);
}

/** The penalty and the sharpness under which the labels are likeliest, of those that are tried. */
export async function bestHead(data: Labelled, folds: Uint8Array, moments: readonly Moments[]) {
  let best = { penalty: penalties[0]!, sharpness: 1, loss: Infinity, scores: new Float32Array() as Float32Array };
  for (const penalty of penalties) {
    const scores = await outOfFoldScores(data, folds, moments, penalty);
    let last = Infinity;
    for (const sharpness of sharpnesses) {
      const loss = lossOf(scores, data.labels, data.classes, sharpness);
      // The loss is convex in the sharpness: once it rises it does not fall again.
      if (loss > last) break;
      last = loss;
      if (loss < best.loss) best = { penalty, sharpness, loss, scores };
    }
  }
  return best;
}

export function accuracyOf(values: Float32Array, labels: Int32Array, classes: number): number {
  let [right, images] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i]! < 0) continue;
    images++;
    if (likeliest(values, i, classes) === labels[i]) right++;
  }
  return right / Math.max(1, images);
}

export function likeliest(values: Float32Array, image: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if (values[image * classes + c]! > values[image * classes + best]!) best = c;
  return best;
}

/** How many neighbours vote, and how much more the nearest of them count: exp(cosine / temperature). */
const votes = { neighbours: 20, temperature: 0.1 };
/** The share of a vote that every class has, so that no class is impossible. */
const floor = 0.01;

/**
 * The geometric mean of a linear head and of a vote of the nearest neighbours, both of images in other folds. Where
 * 5 % of the labels of four sets of photos were wrong, it found more of them than either alone (docs/audit.md).
 */
export async function crossValidate(
  data: Labelled,
  folds: Uint8Array,
  neighbours: Neighbours,
  moments: readonly Moments[],
) {
  const { labels, classes } = data;
  const { penalty, sharpness, scores } = await bestHead(data, folds, moments);
  const probabilities = new Float32Array(labels.length * classes);
  const vote = new Float64Array(classes);
  for (let i = 0; i < labels.length; i++) {
    vote.fill(0);
    let total = 0;
    for (let k = 0, taken = 0; k < neighbours.count && taken < votes.neighbours; k++) {
      const at = i * neighbours.count + k;
      const other = neighbours.indices[at]!;
      if (other < 0 || labels[other]! < 0 || folds[other] === folds[i]) continue;
      const weight = Math.exp((neighbours.similarities[at]! - 1) / votes.temperature);
      vote[labels[other]!]! += weight;
      total += weight;
      taken++;
    }
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    const own = scores.subarray(i * classes, (i + 1) * classes);
    let highest = -Infinity;
    for (const score of own) highest = Math.max(highest, score);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const share = total > 0 ? vote[c]! / total : 1 / classes;
      const voted = (share + floor / classes) / (1 + floor);
      row[c] = Math.sqrt(Math.exp(sharpness * (own[c]! - highest)) * voted);
      sum += row[c]!;
    }
    for (let c = 0; c < classes; c++) row[c]! /= sum;
  }
  const accuracy = accuracyOf(probabilities, labels, classes);
  return { probabilities, accuracy, penalty } satisfies Predictions;
}
