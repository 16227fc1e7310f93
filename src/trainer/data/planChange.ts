/** Plans a change of a dataset's images: which file goes where, which cell changes. Reads names and writes nothing. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '../errors/errors.js';
import type { ImageChange, ImagePlan, ShownImage } from '../../shared/imageChange.js';
import { excludeFile, lineOf } from '../../shared/excludeList.js';
import type { ErrorInfo, SplitName } from '../protocol.js';
import { nameProblem } from './className.js';
import type { Dataset } from './dataset.js';
import { planCells } from './planCells.js';
import { planMoves } from './planMoves.js';
import { unusable, type Changing, type Place } from './usableAfter.js';

export const noPlan: Omit<ImagePlan, 'images' | 'endsDraw' | 'left'> = {
  moves: [],
  cells: [],
  exclude: [],
  trash: [],
  emptied: [],
  numbered: 0,
};

/**
 * Throws a UserError where nothing of the change can be made, or where no dataset would be left; single images that
 * cannot be changed are in `left`.
 */
export async function planChange(
  dataset: Dataset,
  change: ImageChange,
  shown: readonly ShownImage[],
  signal?: AbortSignal,
): Promise<ImagePlan> {
  const { labels, tasks, labelFile } = dataset;
  const [task] = tasks;
  const isFolder = labelFile === undefined;
  const touchesLabels =
    change.kind === 'class' ||
    change.kind === 'classes' ||
    change.kind === 'renameClass' ||
    change.kind === 'deleteClass';
  if (touchesLabels && task!.multiLabel) throw errors.change.severalLabels(task!.name);
  // Of a class that is renamed only the case may change.
  const others = change.kind === 'renameClass' ? labels.filter((label) => label !== change.label) : labels;
  requireNames(namesIn(change), labels, others, isFolder);
  const places = placesIn(dataset);
  const wanted = wantedLabels(change, shown);
  const left: ErrorInfo[] = [];
  const chosen =
    change.kind === 'renameClass' || change.kind === 'deleteClass'
      ? [...places].filter(([, { label }]) => label === change.label).map(([path]) => path)
      : await stillAsShown(shown, places, left);
  // An image without a class lies in no split either.
  const isLoose = (path: string): boolean => isFolder && places.get(path)!.label === '';
  if (change.kind === 'split')
    for (const path of chosen) if (isLoose(path)) left.push(errors.change.withoutClass(path).toInfo());
  const isDrawn = dataset.splitOrigin === 'seeded';
  const endsDraw = isDrawn && change.kind === 'split' && change.split === 'validation';
  if (isDrawn && change.kind === 'split' && change.split === 'train' && !chosen.some((path) => isTest(places, path)))
    throw errors.change.drawnBySeed();
  const changing = chosen
    .filter((path) => change.kind !== 'split' || !isLoose(path))
    .map((path): Changing => ({
      path,
      from: places.get(path)!,
      to: placeAfter(change, places.get(path)!, wanted.get(path)),
    }))
    .filter(({ from, to }) => to?.label !== from.label || to.split !== from.split);
  if (changing.length === 0) {
    if (left.length === 0) throw errors.change.nothing();
    return { ...noPlan, images: 0, endsDraw: false, left };
  }
  const byPath = new Map(changing.map((each) => [each.path, each]));
  const after = [...places].flatMap(([path, place]) => (byPath.has(path) ? (byPath.get(path)!.to ?? []) : place));
  // What is drawn by seed is no reason to refuse: an image of it counts as one for training.
  // A folder that has fewer than two classes so far is on its way to a dataset.
  const isUnfinished = unusable(labelledOnly(places.values())) !== undefined;
  const defect = task!.multiLabel || isUnfinished ? undefined : unusable(labelledOnly(after));
  if (defect) throw defect;
  const common = { images: changing.length, endsDraw, left };
  const exclude = change.kind === 'exclude' || (change.kind === 'deleteClass' && !isFolder);
  if (exclude) {
    const listable = changing.filter(({ path }) => lineOf(path) !== undefined);
    for (const each of changing) if (!listable.includes(each)) left.push(errors.change.lineBreak(each.path).toInfo());
    const file = join(dataset.root, excludeFile);
    return { ...noPlan, ...common, file, images: listable.length, exclude: listable.map(({ path }) => path) };
  }
  if (change.kind === 'trash') return { ...noPlan, ...common, trash: changing.map(({ path }) => path) };
  return isFolder
    ? { ...noPlan, ...common, ...(await planMoves(dataset, change, changing)) }
    : { ...noPlan, ...common, file: labelFile, ...(await planCells(dataset, change, changing, signal)) };
}

const labelledOnly = (places: Iterable<Place>): Place[] => [...places].filter(({ label }) => label !== '');

/** The names of the classes that a change gives to images. */
function namesIn(change: ImageChange): string[] {
  if (change.kind === 'classes') return [...new Set(change.labels)];
  if (change.kind === 'class') return [change.label];
  return change.kind === 'renameClass' ? [change.to] : [];
}

/** Throws a UserError for a new name that no class next to `others`, and to those before it, can have. */
function requireNames(
  names: readonly string[],
  labels: readonly string[],
  others: readonly string[],
  isFolder: boolean,
): void {
  const known = [...others];
  for (const name of names) {
    if (labels.includes(name.normalize('NFC'))) continue;
    const problem = nameProblem(name, known, isFolder);
    if (problem) throw problem;
    known.push(name);
  }
}

/** The class that each image is to have, where they are not all to have one. */
const wantedLabels = (change: ImageChange, shown: readonly ShownImage[]): ReadonlyMap<string, string> =>
  new Map(change.kind === 'classes' ? shown.map(({ path }, i) => [path, change.labels[i]!]) : []);

function placeAfter(change: ImageChange, from: Place, wanted: string | undefined): Place | undefined {
  switch (change.kind) {
    case 'class':
      return { ...from, label: change.label.normalize('NFC') };
    case 'classes':
      return { ...from, label: wanted!.normalize('NFC') };
    case 'renameClass':
      return { ...from, label: change.to.normalize('NFC') };
    case 'split':
      return { ...from, split: change.split };
    case 'exclude':
    case 'trash':
    case 'deleteClass':
      return undefined;
  }
}

const isTest = (places: ReadonlyMap<string, Place>, path: string): boolean => places.get(path)!.split === 'test';

/** Each image's class of the first task (empty where it has none) and split; what is drawn by seed is training. */
function placesIn({ splits, labels, splitOrigin }: Dataset): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const split of ['train', 'validation', 'test'] satisfies SplitName[]) {
    const counted = splitOrigin === 'seeded' && split === 'validation' ? 'train' : split;
    for (const { path, label } of splits[split]) places.set(path, { label: labels[label] ?? '', split: counted });
  }
  return places;
}

/** The images that are in the dataset with the label that the user sees; the others are in `left`. */
async function stillAsShown(
  shown: readonly ShownImage[],
  places: ReadonlyMap<string, Place>,
  left: ErrorInfo[],
): Promise<string[]> {
  const found: string[] = [];
  for (const { path, label } of shown) {
    const now = places.get(path);
    const isGone =
      !now &&
      (await access(path).then(
        () => false,
        () => true,
      ));
    if (isGone) left.push(errors.change.gone(path).toInfo());
    else if (!now) left.push(errors.change.notOfDataset(path).toInfo());
    else if (label !== undefined && now.label !== '' && now.label !== label.normalize('NFC'))
      left.push(errors.change.labelChanged(path, label, now.label).toInfo());
    else found.push(path);
  }
  return found;
}
