/** A folder that is becoming a dataset: some of its images lie in class folders, the others loose in the folder. */
import { errors, UserError } from '../errors/errors.js';
import { singleTask } from '../core/tasks.js';
import { classesOf } from './classFolders.js';
import type { Dataset, ScanOptions } from './dataset.js';
import { Excluded } from './excluded.js';
import { images, list, type Walk } from './folder.js';
import { Samples } from './samples.js';
import { folderOf, scanDataset } from './scan.js';

/** The errors of a scan that an image in a class folder, or one in another, would mend. */
const notYet = new Set(['DATASET_FLAT', 'DATASET_ONE_CLASS']);

/** A dataset, and its images without a class: they lie in its folder, next to those of the classes. */
export interface Unfinished {
  dataset: Dataset;
  /** Absolute paths, in natural order. */
  loose: string[];
}

/**
 * Reads a dataset that may still have fewer than two classes. One with a label file has no loose images: the file says
 * which there are.
 * @throws UserError where neither classes nor loose images are found.
 */
export async function scanUnfinished(given: string, options: ScanOptions): Promise<Unfinished> {
  const root = folderOf(given);
  const walk: Walk = { problems: [], signal: options.signal };
  const dataset = await scanDataset(given, options).catch(async (error: unknown) => {
    if (!(error instanceof UserError) || !notYet.has(error.code)) throw error;
    return fewClasses(root, walk, error);
  });
  if (dataset.labelFile !== undefined) return { dataset, loose: [] };
  const excluded = await Excluded.of([root]);
  const { files } = await list(root, walk);
  return { dataset, loose: await images(files, { problems: dataset.problems, signal: options.signal, excluded }) };
}

/** A folder with one class or none, with loose images. */
async function fewClasses(root: string, walk: Walk, error: UserError): Promise<Dataset> {
  const excluded = await Excluded.of([root]);
  const { classes, loose } = await classesOf(root, { ...walk, excluded });
  // The images lie somewhere else, as in a folder "train".
  if (classes.size > 1 || (classes.size === 0 && loose === 0)) throw error;
  const labels = [...classes.keys()];
  const train = new Samples();
  for (const [label, paths] of classes) for (const path of paths) train.push(path, { label: labels.indexOf(label) });
  return {
    root,
    labels,
    tasks: singleTask(labels),
    splits: { train, validation: new Samples(), test: new Samples() },
    splitOrigin: 'folders',
    folders: { train: root },
    problems: [],
  };
}

/** The dataset with its loose images among those for training, without a label. */
export function withLoose({ dataset, loose }: Unfinished): Dataset {
  if (!loose.length) return dataset;
  const train = Samples.of(dataset.splits.train);
  for (const path of loose) train.push(path, { label: -1 });
  return { ...dataset, splits: { ...dataset.splits, train } };
}

/** The images of all splits but the test images with the number of their class. */
export const labelledOf = ({ splits }: Dataset): { path: string; label: number }[] =>
  [...splits.train, ...splits.validation].map(({ path, label }) => ({ path, label }));

/** The loose images of a folder, of which there must be some. */
export async function looseImagesOf(folder: string, signal: AbortSignal): Promise<Unfinished> {
  const found = await scanUnfinished(folder, { validationSplit: 0, seed: 0, signal });
  if (!found.loose.length) throw errors.fromNothing.noLoose(folder, found.dataset.labels);
  return found;
}
