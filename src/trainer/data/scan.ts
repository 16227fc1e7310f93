/** Finds a dataset on disk: its classes, its splits, and what is wrong with it. Reads names, not pictures. */
import { basename, resolve } from 'node:path';
import { errors } from '../errors.js';
import type { ErrorInfo, SplitName } from '../protocol.js';
import { classesOf, list, type Listing, type Walk } from './folder.js';
import { sortNaturally } from './naturalOrder.js';
import { splitOff } from './split.js';

export interface Sample {
  /** Absolute path of the picture. */
  path: string;
  /** Index into the dataset's `labels`. */
  label: number;
}

export interface Dataset {
  root: string;
  labels: string[];
  splits: Record<SplitName, Sample[]>;
  /** Whether validation is the person's own folder or was drawn by seed. */
  splitOrigin: 'folders' | 'seeded';
  problems: ErrorInfo[];
}

/** A folder (`class/…` or `train|validation|val|valid|test/class/…`), or one folder of classes for each split. */
export type DatasetSpec = string | { train: string; validation?: string | undefined; test?: string | undefined };

export interface ScanOptions {
  /** Share of each class that goes to validation where there is no validation folder; 0 for none. */
  validationSplit: number;
  seed: number;
  signal?: AbortSignal | undefined;
  /**
   * The classes of an existing model, which the folder must keep to: a class unknown to it is an error, and classes may be missing. With
   * `validationSplit: 0` a plain `class/…` folder is then all `test`, since it is there to be evaluated on.
   */
  labels?: string[] | undefined;
}

type Classes = Map<string, string[]>;
type SplitFolders = Partial<Record<SplitName, { folder: string; classes: Classes }>>;

const splitNames: Record<string, SplitName> = { train: 'train', validation: 'validation', val: 'validation', valid: 'validation', test: 'test' };
const splitOf = (folder: string): SplitName | undefined => {
  const name = basename(folder).toLowerCase();
  return Object.hasOwn(splitNames, name) ? splitNames[name] : undefined;
};

/** Throws a UserError where no training (or, with `labels`, no evaluation) could come of the folder; lesser faults are in `problems`. */
export async function scanDataset(spec: DatasetSpec, options: ScanOptions): Promise<Dataset> {
  const walk: Walk = { problems: [], signal: options.signal };
  const root = resolve(typeof spec === 'string' ? spec : spec.train);
  const found = typeof spec === 'string' ? await findSplits(root, options, walk) : await givenSplits(spec, walk);

  if (found.validation?.classes.size === 0) {
    walk.problems.push(errors.splitEmpty(found.validation.folder).toInfo());
    delete found.validation;
  }
  const total = Object.values(found).reduce((sum, { classes }) => sum + classes.size, 0);
  const unsupported = walk.problems.filter(({ code }) => code === 'IMAGE_FORMAT_UNSUPPORTED').length;
  if (options.labels ? total === 0 : !found.train?.classes.size) throw errors.datasetEmpty(found.train?.folder ?? root, unsupported);

  const labels = options.labels?.map((label) => label.normalize('NFC')) ?? sortNaturally([...found.train!.classes.keys()], (label) => label);
  if (!options.labels && labels.length < 2) throw errors.datasetOneClass(found.train!.folder, labels[0]!);
  const index = new Map(labels.map((label, i) => [label, i]));
  const samplesOf = (split: SplitName): Sample[] => {
    const { folder, classes } = found[split] ?? { folder: root, classes: new Map<string, string[]>() };
    return [...classes].flatMap(([name, paths]) => {
      const label = index.get(name);
      if (label === undefined) throw options.labels ? errors.classUnknownToModel(folder, name) : errors.classUnknownToTraining(folder, name);
      return paths.map((path) => ({ path, label }));
    });
  };
  const splits: Record<SplitName, Sample[]> = { train: samplesOf('train'), validation: samplesOf('validation'), test: samplesOf('test') };

  for (const [name, paths] of found.train?.classes ?? []) if (paths.length === 1) walk.problems.push(errors.classOneImage(name, paths[0]!).toInfo());
  const seeded = !found.validation && splits.train.length > 0;
  if (seeded) Object.assign(splits, splitOff(splits.train, labels, options.validationSplit, options.seed));
  return { root, labels: options.labels ?? labels, splits, splitOrigin: seeded ? 'seeded' : 'folders', problems: walk.problems };
}

async function givenSplits(spec: Exclude<DatasetSpec, string>, walk: Walk): Promise<SplitFolders> {
  const found: SplitFolders = {};
  for (const split of ['train', 'validation', 'test'] as const) {
    const given = spec[split];
    if (given !== undefined) found[split] = { folder: resolve(given), classes: await classesOf(resolve(given), walk) };
  }
  return found;
}

async function findSplits(root: string, options: ScanOptions, walk: Walk): Promise<SplitFolders> {
  const listing = await list(root, walk);
  if (!(await hasSplits(listing, walk))) {
    const split = options.labels && options.validationSplit === 0 ? 'test' : 'train';
    return { [split]: { folder: root, classes: await classesOf(root, walk, listing) } };
  }
  const found: SplitFolders = {};
  for (const folder of listing.folders) {
    const split = splitOf(folder);
    if (!split) {
      walk.problems.push(errors.folderBesideSplits(folder).toInfo());
      continue;
    }
    const other = found[split];
    if (other) throw errors.splitTwice(root, basename(other.folder), basename(folder));
    found[split] = { folder, classes: await classesOf(folder, walk) };
  }
  if (!found.train && !options.labels) throw errors.splitTrainMissing(root);
  return found;
}

/** Whether the folders are splits. A class may well be called "train" (between "car" and "bus"): then it holds pictures, not classes. */
async function hasSplits({ folders }: Listing, walk: Walk): Promise<boolean> {
  const splits = folders.filter((folder) => splitOf(folder));
  if (splits.length === 0) return false;
  if (splits.length === folders.length) return true;
  const train = splits.find((folder) => splitOf(folder) === 'train');
  return train !== undefined && (await list(train, { problems: [], signal: walk.signal })).folders.length > 0;
}
