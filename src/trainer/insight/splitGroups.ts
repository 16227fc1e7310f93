/** Which images a split keeps on one side, as `split.groupBy` says. */
import { dirname, relative, sep } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { GroupBy } from '../config/schema.js';
import type { Dataset } from '../data/dataset.js';
import { type GoodLook, lookAtAll } from '../data/lookAtAll.js';
import { splitOffGroups } from '../data/split.js';
import { countLabels, logitNames } from '../core/tasks.js';
import { targetsOf } from '../data/sample.js';
import { errors, reasonOf, UserError, type Place } from '../errors/errors.js';
import { checkedFolder } from '../runs/cacheFolder.js';
import type { AuditOptions } from './audit.js';
import { openFeatureModel } from './featureModel.js';
import { featuresOf } from './features.js';
import { kindredImages } from './kindred.js';
import { nearestNeighbours } from './nearest.js';

export interface GroupOptions extends Omit<AuditOptions, 'model'> {
  groupBy: GroupBy;
  validationSplit: number;
  seed: number;
  /** Where the config says how to group. */
  place: Place;
}

/** A pause of more seconds than this between two images begins another group. */
const pause = 300;

/** The column that a scan must read for such groups. */
export const groupColumnOf = (groupBy: GroupBy | undefined): string | undefined =>
  typeof groupBy === 'object' && 'column' in groupBy ? groupBy.column : undefined;

/**
 * The dataset, scanned without a drawn split, with whole groups of its training images for validation.
 * @throws UserError where it has validation images of its own, has no such groups, or they are too large to part.
 */
export async function splitByGroups(dataset: Dataset, o: GroupOptions): Promise<Dataset> {
  const { root, splits, tasks, splitOrigin } = dataset;
  if (splitOrigin === 'folders') throw errors.groupsUnneeded(root, o.place);
  const groups = await groupsOf(dataset, o);
  const parts = splitOffGroups(splits.train, groups, countLabels(tasks), o.validationSplit, o.seed);
  if (!parts.validation.length) throw errors.groupsTooLarge(root, o.place);
  const validated = new Set([...parts.validation].flatMap(targetsOf));
  const left = logitNames(tasks).filter((_, target) => !validated.has(target));
  const problems = left.length
    ? [...dataset.problems, errors.classNotValidated(root, left).toInfo()]
    : dataset.problems;
  return { ...dataset, splits: { ...splits, ...parts }, problems };
}

/** A key for each training image. */
async function groupsOf(dataset: Dataset, o: GroupOptions): Promise<(string | number)[]> {
  const { root, splits, groups } = dataset;
  const paths = [...splits.train].map(({ path }) => path);
  const { groupBy, place } = o;
  if (groupBy === 'duplicates') return kindredKeys(dataset, o);
  if (groupBy === 'time') return timeKeys(dataset, o);
  if (groupBy === 'folder') {
    const folders = paths.map((path) => relative(root, dirname(path)));
    // Folders of classes are no groups: each class would be one.
    const labels = new Map<string, Set<number>>();
    [...splits.train].forEach(({ label }, i) =>
      labels.set(folders[i]!, (labels.get(folders[i]!) ?? new Set()).add(label)),
    );
    if (labels.size <= dataset.labels.length && [...labels.values()].every(({ size }) => size === 1))
      throw errors.groupsMissing(l10n.t('folder'), l10n.t('each class has one folder.'), place);
    return folders;
  }
  if ('column' in groupBy) {
    if (!groups)
      throw errors.groupsMissing(groupBy.column, l10n.t('the dataset is not read from a label file.'), place);
    // An image without a value stands for itself.
    return paths.map((path) => groups.get(path) || `\0${path}`);
  }
  return patternKeys(root, paths, groupBy.pattern, place);
}

function patternKeys(root: string, paths: readonly string[], pattern: string, place: Place): string[] {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, 'u');
  } catch (error) {
    throw errors.groupsMissing(pattern, reasonOf(error), place);
  }
  let matched = 0;
  const keys = paths.map((path) => {
    const found = expression.exec(relative(root, path).split(sep).join('/'));
    if (!found) return `\0${path}`;
    matched++;
    return found[1] ?? found[0];
  });
  if (!matched) throw errors.groupsMissing(pattern, l10n.t('it matches no path.'), place);
  return keys;
}

/** The images of the training split that can be read, and their rows. */
async function readable(dataset: Dataset, { cacheFolder, signal, onProgress }: GroupOptions) {
  const looks = await lookAtAll(dataset, {
    memory: checkedFolder(cacheFolder),
    signal,
    onProgress: (done, total) => onProgress('look', done, total),
  });
  return looks
    .slice(0, dataset.splits.train.length)
    .flatMap((look, row) => (look.result instanceof UserError ? [] : [{ row, look: look as GoodLook }]));
}

const ownGroups = (dataset: Dataset): (string | number)[] => [...dataset.splits.train].map((_, row) => row);

async function timeKeys(dataset: Dataset, o: GroupOptions): Promise<(string | number)[]> {
  const timed = (await readable(dataset, o))
    .flatMap(({ row, look }) => (look.result.look.time === undefined ? [] : [{ row, time: look.result.look.time }]))
    .sort((a, b) => a.time - b.time);
  if (!timed.length) throw errors.groupsMissing(l10n.t('time'), l10n.t('no image says when it was taken.'), o.place);
  const keys = ownGroups(dataset);
  for (const [i, { row, time }] of timed.entries()) {
    const before = timed[i - 1];
    keys[row] = before && time - before.time <= pause ? keys[before.row]! : `time ${row}`;
  }
  return keys;
}

/** By the features of the embedded model, whatever the run trains. */
async function kindredKeys(dataset: Dataset, o: GroupOptions): Promise<(string | number)[]> {
  const { cacheFolder, signal, onProgress, onNotice } = o;
  const found = await readable(dataset, o);
  const keys = ownGroups(dataset);
  if (found.length < 2) return keys;
  const { rows, ...features } = await featuresOf(
    await openFeatureModel('embedded'),
    dataset.root,
    found.map(({ look }) => look.sample.path),
    { cacheFolder, signal, onProgress: (done, total) => onProgress('features', done, total), onNotice },
  );
  const neighbours = await nearestNeighbours(features, neighboursLookedAt, signal, (share) =>
    onProgress('compare', Math.round(100 * share), 100),
  );
  const images = rows.map((row) => found[row]!);
  const { groups } = await kindredImages(
    images.map(({ look }) => look),
    neighbours,
    signal,
  );
  groups.forEach((group, i) => (keys[images[i]!.row] = images[group]!.row));
  return keys;
}

const neighboursLookedAt = 24;
