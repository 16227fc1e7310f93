/** Finds a dataset on disk: its classes, its splits, and what is wrong with it. Reads names, not images. */
import type { Dataset, DatasetSpec, LabelFileSpec, ScanOptions, SplitSpec } from './dataset.js';
import { basename, dirname, resolve } from 'node:path';
import { errors, UserError } from '../errors/errors.js';
import type { SplitName } from '../protocol.js';
import { singleTask } from '../core/tasks.js';
import { Excluded } from './excluded.js';
import { list, type Walk } from './folder.js';
import { defaultLabelFile, scanLabelFile } from './labelFile.js';
import { sortNaturally } from './naturalOrder.js';
import type { PathTable } from './pathTable.js';
import { Samples } from './samples.js';
import { splitOff } from './split.js';
import { findSplits, givenSplits } from './splitFolders.js';

/**
 * Throws a UserError where no training (or, with `tasks`, no evaluation) could come of it; lesser faults are in
 * `problems`.
 */
export async function scanDataset(spec: DatasetSpec, options: ScanOptions): Promise<Dataset> {
  const excluded = await Excluded.of(foldersOf(spec));
  const walk: Walk = { problems: [], signal: options.signal, excluded };
  const dataset = await scanSpec(spec, options, walk);
  if (excluded) dataset.problems.push(...(await excluded.problems()));
  return dataset;
}

/** The folder of a dataset that is named by its folder or by its label file. */
export const folderOf = (dataset: string): string => resolve(/\.csv$/i.test(dataset) ? dirname(dataset) : dataset);

/** The folders of a dataset, each of which may have a list of images that are left out. */
function foldersOf(spec: DatasetSpec): string[] {
  if (typeof spec === 'string') return [folderOf(spec)];
  if ('folder' in spec) return [resolve(spec.folder)];
  return [spec.train, spec.validation, spec.test].flatMap((folder) => (folder === undefined ? [] : [resolve(folder)]));
}

async function scanSpec(spec: DatasetSpec, options: ScanOptions, walk: Walk): Promise<Dataset> {
  if (typeof spec !== 'string')
    return 'folder' in spec ? scanLabelFile(spec, options, walk) : scanFolders(spec, options, walk);
  if (/\.csv$/i.test(spec)) return scanLabelFile({ folder: dirname(spec), labels: basename(spec) }, options, walk);
  const root = resolve(spec);
  const { tasks } = options;
  if (tasks && (tasks.length > 1 || tasks[0]!.multiLabel)) return scanLabelFile({ folder: root }, options, walk);
  const { files } = await list(root, { problems: [], signal: walk.signal });
  const tables = files.filter((file) => /\.[ct]sv$/i.test(file));
  const labels = tables.find((file) => basename(file).toLowerCase() === defaultLabelFile);
  for (const file of tables) if (file !== labels) walk.problems.push(errors.labelFile.notAsked(root, file).toInfo());
  if (labels === undefined) {
    return scanFolders(root, options, walk).catch((error: unknown) => {
      const isFlat = error instanceof UserError && error.code === 'DATASET_FLAT';
      throw isFlat && tables[0] ? errors.labelFile.neededBy(error, root, tables[0]) : error;
    });
  }
  const byName = { folder: root, labels: basename(labels) };
  if (tasks && tasks[0]!.name !== singleTask([])[0]!.name) return scanLabelFile(byName, options, walk);
  return scanBoth(byName, options, walk);
}

/** The errors of a scan whose folders are not classes; the label file must then be valid. */
const noClasses = new Set(['DATASET_FLAT', 'DATASET_EMPTY', 'DATASET_ONE_CLASS']);

/**
 * Reads a folder that has a label file. The label file counts where its rows name the images, unless the class folders
 * say the same.
 */
async function scanBoth(spec: LabelFileSpec & { labels: string }, options: ScanOptions, walk: Walk): Promise<Dataset> {
  const file = resolve(spec.folder, spec.labels);
  const attempt = (scan: (walk: Walk) => Promise<Dataset>): Promise<Dataset | UserError> =>
    scan({ ...walk, problems: [...walk.problems] }).catch((error: unknown) => {
      if (error instanceof UserError) return error;
      throw error;
    });
  const byFolders = await attempt((own) => scanFolders(spec.folder, options, own));
  const byTable = await attempt((own) => scanLabelFile(spec, options, own));
  if (byFolders instanceof UserError) {
    if (!(byTable instanceof UserError)) return byTable;
    throw noClasses.has(byFolders.code) ? byTable : byFolders;
  }
  const passedOver = (reason: string): Dataset => {
    byFolders.problems.push(errors.labelFile.notRead(file, reason).toInfo());
    return byFolders;
  };
  if (byTable instanceof UserError) return passedOver(byTable.message);
  const missing = byTable.problems.filter(({ code }) => code === 'LABELS_PICTURE_MISSING').length;
  const named = allOf(byTable).length;
  if (missing > named) return passedOver(errors.labelFile.imagesElsewhere(file, missing, missing + named).message);
  if (byTable.splitOrigin === 'seeded' && saysTheSame(byFolders, byTable)) return byFolders;
  byTable.problems.unshift(errors.labelFile.beforeFolders(file, byFolders.labels).toInfo());
  return byTable;
}

const allOf = ({ splits, labels }: Dataset): [path: string, label: string][] =>
  Object.values(splits).flatMap((samples) =>
    [...samples].map(({ path, label }): [string, string] => [path, labels[label] ?? '']),
  );

/** Whether every image of the label file has the label that its folder gives it. */
function saysTheSame(byFolders: Dataset, byTable: Dataset): boolean {
  const labels = new Map(allOf(byFolders));
  return allOf(byTable).every(([path, label]) => labels.get(path) === label.normalize('NFC'));
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
    folders: Object.fromEntries(Object.entries(found).map(([split, { folder }]) => [split, folder])),
    problems: walk.problems,
  };
}
