/** Finds the splits of a dataset in its folders, in the layouts that people use. */
import { basename, resolve } from 'node:path';
import { errors } from '../errors/errors.js';
import type { SplitName } from '../protocol.js';
import { type Classes, classesOf, requireClassLike } from './classFolders.js';
import type { ScanOptions, SplitSpec } from './dataset.js';
import { images, list, type Listing, type Walk } from './folder.js';
import { isWrapperName, splitsNamed } from './splitNames.js';

export type SplitFolders = Partial<Record<SplitName, { folder: string; classes: Classes }>>;

/** The folders named in a config. Naming them states that the folders inside are classes. */
export async function givenSplits(spec: SplitSpec, walk: Walk): Promise<SplitFolders> {
  const found: SplitFolders = {};
  for (const split of ['train', 'validation', 'test'] as const) {
    const given = spec[split];
    if (given === undefined) continue;
    const folder = resolve(given);
    const { classes, loose } = await classesOf(folder, walk);
    if (classes.size === 0 && loose > 0) throw errors.datasetFlat(folder, loose);
    found[split] = { folder, classes };
  }
  return found;
}

/**
 * The splits of a folder: its folders are splits with classes in them, or classes. Throws a UserError where they are
 * neither.
 */
export async function findSplits(root: string, options: ScanOptions, walk: Walk): Promise<SplitFolders> {
  const listing = await list(root, walk);
  const splits = splitsNamed(listing.folders.map((folder) => basename(folder)));
  const splitOf = (folder: string): SplitName | undefined => splits.get(basename(folder));
  const named = listing.folders.filter((folder) => splitOf(folder));
  if (await areSplits(listing, named, splitOf, walk)) return splitsIn(root, listing, splitOf, options, walk);

  const splitFolders = await splitsNextToClasses(listing, named, walk);
  const rest = { ...listing, folders: listing.folders.filter((folder) => !splitFolders.includes(folder)) };
  for (const folder of named)
    if (!splitFolders.includes(folder)) walk.problems.push(errors.classNamedLikeSplit(folder).toInfo());
  const isEvaluation = options.tasks !== undefined;
  const train = await trainingClasses(root, rest, walk, isEvaluation);
  const unsplit = options.tasks && options.validationSplit === 0 && splitFolders.length === 0 ? 'test' : 'train';
  const found: SplitFolders = { [unsplit]: { folder: root, classes: train } };
  for (const folder of splitFolders) await addSplit(found, root, splitOf(folder)!, folder, walk, isEvaluation);
  return found;
}

/**
 * Whether the folders are splits. A class may well be called "train" (between "car" and "bus"): then it holds images,
 * not classes, and no other folder is called "test".
 */
async function areSplits(
  { folders }: Listing,
  named: readonly string[],
  splitOf: (folder: string) => SplitName | undefined,
  walk: Walk,
): Promise<boolean> {
  if (named.length === 0) return false;
  if (named.length === folders.length) return true;
  const train = named.find((folder) => splitOf(folder) === 'train');
  if (train === undefined) return false;
  if (named.some((folder) => splitOf(folder) !== 'train')) return true;
  return (await list(train, quietly(walk))).folders.length > 0;
}

/** Of the folders named like splits those that hold some of the classes next to them: `cat/`, `dog/`, `test/cat/`. */
async function splitsNextToClasses({ folders }: Listing, named: readonly string[], walk: Walk): Promise<string[]> {
  const classes = new Set(folders.filter((folder) => !named.includes(folder)).map((folder) => basename(folder)));
  const found: string[] = [];
  for (const folder of named) {
    const inner = (await list(folder, quietly(walk))).folders;
    if (inner.length > 0 && inner.every((path) => classes.has(basename(path)))) found.push(folder);
  }
  return found;
}

async function splitsIn(
  root: string,
  { folders, files }: Listing,
  splitOf: (folder: string) => SplitName | undefined,
  { tasks }: ScanOptions,
  walk: Walk,
): Promise<SplitFolders> {
  const found: SplitFolders = {};
  let unlabelled: { folder: string; images: number } | undefined;
  const bySplit = (folder: string): number => ['train', 'validation', 'test'].indexOf(splitOf(folder) ?? '');
  // Whether a folder is labelled shows by the classes of training.
  for (const folder of [...folders].sort((a, b) => bySplit(a) - bySplit(b))) {
    const split = splitOf(folder);
    if (split) unlabelled = (await addSplit(found, root, split, folder, walk, tasks !== undefined)) ?? unlabelled;
    else walk.problems.push(errors.folderNextToSplits(folder).toInfo());
  }
  if (!found.train && !tasks) throw errors.splitTrainMissing(root);
  if (unlabelled && !Object.values(found).some(({ classes }) => classes.size > 0))
    throw errors.datasetFlat(unlabelled.folder, unlabelled.images);
  const loose = (await images(files, walk)).length;
  if (loose > 0) walk.problems.push(errors.imagesOutsideClasses(root, loose).toInfo());
  return found;
}

/** Adds a folder as a split. One without labels is noted, left out and given back, unless it is for training. */
async function addSplit(
  found: SplitFolders,
  root: string,
  split: SplitName,
  given: string,
  walk: Walk,
  isEvaluation: boolean,
): Promise<{ folder: string; images: number } | undefined> {
  const other = found[split];
  if (other) throw errors.splitTwice(root, basename(other.folder), basename(given));
  const folder = await unwrapped(given, walk);
  const listing = await list(folder, walk);
  for (const file of listing.files)
    if (/\.[ct]sv$/i.test(file)) walk.problems.push(errors.labelFile.notAsked(folder, file).toInfo());
  if (split === 'train') {
    found.train = { folder, classes: await trainingClasses(folder, listing, walk, isEvaluation) };
    return undefined;
  }
  const { classes, loose } = await classesOf(folder, walk, listing);
  const [only] = classes.keys();
  const isWrapped = classes.size === 1 && isWrapperName(only!) && found.train?.classes.has(only!) === false;
  const unlabelled = classes.size === 0 ? loose : isWrapped ? loose + classes.get(only!)!.length : 0;
  if (unlabelled > 0) {
    walk.problems.push(errors.splitUnlabelled(folder, unlabelled).toInfo());
    return { folder, images: unlabelled };
  }
  found[split] = { folder, classes };
  return undefined;
}

/** The classes in a folder. Throws a UserError if it holds images without classes, or folders that are not classes. */
async function trainingClasses(folder: string, listing: Listing, walk: Walk, isEvaluation: boolean): Promise<Classes> {
  // In an evaluation the model says what the classes are.
  if (!isEvaluation) await requireClassLike(folder, listing.folders, walk);
  const { classes, loose } = await classesOf(folder, walk, listing);
  if (classes.size === 0 && loose > 0) throw errors.datasetFlat(folder, loose);
  return classes;
}

/** Goes down into a folder that archives often have around the classes: `training_set/training_set/cat`. */
async function unwrapped(folder: string, walk: Walk): Promise<string> {
  const { folders, files } = await list(folder, quietly(walk));
  const [only] = folders;
  if (only === undefined || folders.length > 1 || !isWrapperName(basename(only))) return folder;
  if ((await images(files, quietly(walk))).length > 0) return folder;
  return (await list(only, quietly(walk))).folders.length > 0 ? unwrapped(only, walk) : folder;
}

const quietly = ({ signal }: Walk): Walk => ({ problems: [], signal });
