/** Finds a dataset on disk: its classes, its splits, and what is wrong with it. Reads names, not images. */
import type { Dataset, SplitSpec, DatasetSpec, ScanOptions } from './dataset.js';
import { basename, dirname, join, resolve } from 'node:path';
import { errors } from '../errors/errors.js';
import type { SplitName } from '../protocol.js';
import { singleTask } from '../core/tasks.js';
import { classesOf, list, type Listing, type Walk } from './folder.js';
import { defaultLabelFile, scanLabelFile } from './labelFile.js';
import { sortNaturally } from './naturalOrder.js';
import type { PathTable } from './pathTable.js';
import { Samples } from './samples.js';
import { splitNamed, splitOff } from './split.js';

type Classes = Map<string, PathTable>;
type SplitFolders = Partial<Record<SplitName, { folder: string; classes: Classes }>>;

const splitOf = (folder: string): SplitName | undefined => splitNamed(basename(folder));

/**
 * Throws a UserError where no training (or, with `tasks`, no evaluation) could come of it; lesser faults are in
 * `problems`.
 */
export async function scanDataset(spec: DatasetSpec, options: ScanOptions): Promise<Dataset> {
  const walk: Walk = { problems: [], signal: options.signal };
  if (typeof spec !== 'string')
    return 'folder' in spec ? scanLabelFile(spec, options, walk) : scanFolders(spec, options, walk);
  if (/\.csv$/i.test(spec)) return scanLabelFile({ folder: dirname(spec), labels: basename(spec) }, options, walk);
  return (await goesByLabelFile(resolve(spec), options, walk))
    ? scanLabelFile({ folder: spec }, options, walk)
    : scanFolders(spec, options, walk);
}

/** Whether a folder is read by its label file: if what is asked for cannot be in folders, or they are no classes. */
async function goesByLabelFile(root: string, { tasks }: ScanOptions, { signal }: Walk): Promise<boolean> {
  if (tasks && (tasks.length > 1 || tasks[0]!.multiLabel)) return true;
  const { folders, files } = await list(root, { problems: [], signal });
  if (!files.includes(join(root, defaultLabelFile))) return false;
  return folders.length < 2 || (tasks !== undefined && tasks[0]!.name !== singleTask([])[0]!.name);
}

async function scanFolders(spec: string | SplitSpec, options: ScanOptions, walk: Walk): Promise<Dataset> {
  const root = resolve(typeof spec === 'string' ? spec : spec.train);
  const given = options.tasks?.[0]!.labels;
  const found = typeof spec === 'string' ? await findSplits(root, options, walk) : await givenSplits(spec, walk);

  if (found.validation?.classes.size === 0) {
    walk.problems.push(errors.splitEmpty(found.validation.folder).toInfo());
    delete found.validation;
  }
  const total = Object.values(found).reduce((sum, { classes }) => sum + classes.size, 0);
  const unsupported = walk.problems.filter(({ code }) => code === 'IMAGE_FORMAT_UNSUPPORTED').length;
  if (given ? total === 0 : !found.train?.classes.size)
    throw errors.datasetEmpty(found.train?.folder ?? root, unsupported);

  const labels =
    given?.map((label) => label.normalize('NFC')) ?? sortNaturally([...found.train!.classes.keys()], (label) => label);
  if (!given && labels.length < 2) throw errors.datasetOneClass(found.train!.folder, labels[0]!);
  const index = new Map(labels.map((label, i) => [label, i]));
  const samplesOf = (split: SplitName): Samples => {
    const { folder, classes } = found[split] ?? { folder: root, classes: new Map<string, PathTable>() };
    const samples = new Samples();
    for (const [name, paths] of classes) {
      const label = index.get(name);
      if (label === undefined)
        throw given ? errors.classUnknownToModel(folder, name) : errors.classUnknownToTraining(folder, name);
      const labels = { label };
      for (const path of paths) samples.push(path, labels);
    }
    return samples;
  };
  const splits: Record<SplitName, Samples> = {
    train: samplesOf('train'),
    validation: samplesOf('validation'),
    test: samplesOf('test'),
  };

  for (const [name, paths] of found.train?.classes ?? [])
    if (paths.length === 1) walk.problems.push(errors.classOneImage(name, paths.at(0)).toInfo());
  const seeded = !found.validation && splits.train.length > 0;
  if (seeded) Object.assign(splits, splitOff(splits.train, labels, options.validationSplit, options.seed));
  return {
    root,
    labels: given ?? labels,
    tasks: singleTask(given ?? labels),
    splits,
    splitOrigin: seeded ? 'seeded' : 'folders',
    problems: walk.problems,
  };
}

async function givenSplits(spec: SplitSpec, walk: Walk): Promise<SplitFolders> {
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
    const split = options.tasks && options.validationSplit === 0 ? 'test' : 'train';
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
  if (!found.train && !options.tasks) throw errors.splitTrainMissing(root);
  return found;
}

/**
 * Whether the folders are splits. A class may well be called "train" (between "car" and "bus"): then it holds images,
 * not classes.
 */
async function hasSplits({ folders }: Listing, walk: Walk): Promise<boolean> {
  const splits = folders.filter((folder) => splitOf(folder));
  if (splits.length === 0) return false;
  if (splits.length === folders.length) return true;
  const train = splits.find((folder) => splitOf(folder) === 'train');
  return train !== undefined && (await list(train, { problems: [], signal: walk.signal })).folders.length > 0;
}
