/** From images without classes to a dataset: groups of them, which to label next, and what class each probably has. */
import { errors } from '../errors/errors.js';
import { labelledOf, looseImagesOf } from '../data/looseImages.js';
import type { ImageGroup, NextImage, Suggestion } from '../protocol.js';
import type { AuditOptions } from './audit.js';
import { featuresOf, type Features } from './features.js';
import { chooseClusters, kMeans, type Clusters } from './kMeans.js';
import { teach, type Taught } from './labelledHead.js';
import { meanOf, standardised } from './standardise.js';

const seed = 0;
/** How many typical images of a group are named. */
const typical = 5;
/** Of so many times as many uncertain images as are wanted, those that differ are chosen. */
const prefiltered = 10;

interface Read {
  root: string;
  labels: string[];
  /** Images that can be read: first those with a class, then the others. */
  paths: string[];
  labelled: Int32Array;
  /** Standardised: [paths, width]. */
  features: Features;
}

/** Reads a folder, and computes the features of its images; without `withLabelled` only of those without a class. */
async function read(folder: string, withLabelled: boolean, o: AuditOptions): Promise<Read & { skipped: number }> {
  const { dataset, loose } = await looseImagesOf(folder, o.signal);
  const taught = labelledOf(dataset);
  for (const problem of dataset.problems) if (problem.code !== 'IMAGES_OUTSIDE_CLASSES') o.onNotice(problem);
  const used = withLabelled ? taught : [];
  const all = [...used.map(({ path }) => path), ...loose];
  const computed = await featuresOf(o.model, dataset.root, all, {
    ...o,
    onProgress: (done, total) => o.onProgress('features', done, total),
  });
  const rows = Array.from(computed.rows.keys());
  return {
    root: dataset.root,
    labels: dataset.labels,
    paths: computed.rows.map((row) => all[row]!),
    labelled: Int32Array.from(
      computed.rows.filter((row) => row < used.length),
      (row) => used[row]!.label,
    ),
    features: standardised(computed, meanOf(computed, rows)),
    skipped: taught.length - used.length,
  };
}

export interface Grouped {
  root: string;
  groups: ImageGroup[];
  images: number;
  labelled: number;
  silhouette: number;
}

/**
 * Groups the images that lie loose in a folder, into `count` groups or the number that separates them best.
 * @throws UserError when there are none, or fewer than groups.
 */
export async function groupImages(folder: string, count: number | undefined, o: AuditOptions): Promise<Grouped> {
  const { root, labels, paths, features, skipped } = await read(folder, false, o);
  if (skipped) o.onNotice(errors.fromNothing.hasClasses(root, skipped, labels).toInfo());
  const wanted = count ?? 2;
  if (paths.length < wanted) throw errors.fromNothing.tooFewImages(root, paths.length, wanted);
  const { signal, onProgress } = o;
  const clusters = await chooseClusters(features, count, {
    signal,
    seed,
    onProgress: (share) => onProgress('compare', Math.round(100 * share), 100),
  });
  const groups = members(clusters)
    .sort((a, b) => b.length - a.length)
    .map((own, i): ImageGroup => {
      const sorted = own.map((row) => paths[row]!);
      return { type: 'group', group: i + 1, typical: sorted.slice(0, typical), paths: sorted };
    });
  return { root, groups, images: paths.length, labelled: skipped, silhouette: clusters.silhouette };
}

/** The images of each cluster that has some, the nearest to its middle first. */
function members({ count, of, distance }: Clusters): number[][] {
  const found = Array.from({ length: count }, (): number[] => []);
  of.forEach((cluster, image) => found[cluster]!.push(image));
  return found.filter((own) => own.length > 0).map((own) => own.sort((a, b) => distance[a]! - distance[b]! || a - b));
}

export interface Ranked {
  root: string;
  next: NextImage[];
  images: number;
  labelled: number;
  labels: string[];
}

/**
 * The images without a class whose labels would teach the most: of those that the head of the labelled images is least
 * sure of, some that differ (Zhdanov, 2019, arXiv:1901.05954). As long as fewer than two classes have images, the most
 * typical of each group.
 * @throws UserError when no image is without a class.
 */
export async function rankImages(folder: string, count: number, o: AuditOptions): Promise<Ranked> {
  const { root, labels, paths, labelled, features } = await read(folder, true, o);
  const first = labelled.length;
  const isTaught = new Set(labelled).size > 1;
  const taught = isTaught ? await teach(features, labelled, labels.length, o.signal) : undefined;
  const margins = taught && marginsOf(taught, labels.length);
  const chosen = await informative({ ...features, values: features.values.subarray(first * features.width) }, count, {
    margins,
    signal: o.signal,
  });
  const next = chosen.map((row): NextImage => ({
    type: 'next',
    path: paths[first + row]!,
    margin: margins?.[row] ?? null,
  }));
  return { root, next, images: paths.length - first, labelled: first, labels };
}

/** [images]: how much likelier the likeliest class is than the next. */
export function marginsOf({ probabilities }: Taught, classes: number): Float64Array {
  return Float64Array.from({ length: probabilities.length / classes }, (_, image) => {
    const own = probabilities.slice(image * classes, (image + 1) * classes).sort();
    return own[classes - 1]! - own[classes - 2]!;
  });
}

/** `count` rows of features, the most wanted first: the nearest to the middles of clusters weighted by uncertainty. */
export async function informative(
  { values, width }: Features,
  count: number,
  { margins, signal }: { margins: Float64Array | undefined; signal: AbortSignal },
): Promise<number[]> {
  const rows = Array.from({ length: values.length / width }, (_, row) => row);
  if (margins) rows.sort((a, b) => margins[a]! - margins[b]! || a - b);
  const kept = margins ? rows.slice(0, prefiltered * count) : rows;
  const own = new Float32Array(kept.length * width);
  kept.forEach((row, i) => own.set(values.subarray(row * width, (row + 1) * width), i * width));
  const weights = Float64Array.from(kept, (row) => (margins ? 1 - margins[row]! + 1e-6 : 1));
  const clusters = members(await kMeans({ values: own, width }, count, { signal, seed, weights }));
  const massOf = (cluster: readonly number[]): number => cluster.reduce((sum, i) => sum + weights[i]!, 0);
  return clusters.sort((a, b) => massOf(b) - massOf(a)).map(([nearest]) => kept[nearest!]!);
}

export interface Suggested {
  root: string;
  suggestions: Suggestion[];
  labels: string[];
}

/**
 * What class each image without one probably has, by the images in class folders; the surest first.
 * @throws UserError when fewer than two classes have images, or one of them fewer than two.
 */
export async function suggestClasses(folder: string, o: AuditOptions): Promise<Suggested> {
  const { root, labels, paths, labelled, features } = await read(folder, true, o);
  const counts = labels.map((_, label) => labelled.filter((own) => own === label).length);
  if (labels.length < 2) throw errors.fromNothing.tooFewClasses(root, labels);
  const scarce = counts.findIndex((images) => images < 2);
  if (scarce >= 0) throw errors.fromNothing.tooFewLabelled(root, labels[scarce]!);
  const { probabilities, isUnknown } = await teach(features, labelled, labels.length, o.signal);
  const suggestions = isUnknown.map((unknown, row): Suggestion => {
    const own = probabilities.subarray(row * labels.length, (row + 1) * labels.length);
    const confidence = Math.max(...own);
    const label = unknown ? null : labels[own.indexOf(confidence)]!;
    return { type: 'suggestion', path: paths[labelled.length + row]!, label, confidence };
  });
  return { root, suggestions: sorted(suggestions), labels };
}

/** The surest first; those without a suggestion last. */
export const sorted = (suggestions: Suggestion[]): Suggestion[] =>
  suggestions.sort(
    (a, b) =>
      Number(a.label === null) - Number(b.label === null) || b.confidence - a.confidence || (a.path < b.path ? -1 : 1),
  );
