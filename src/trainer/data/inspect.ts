/**
 * Looks a dataset over before training: counts, and every problem with its remedy. Reads each image once and writes
 * nothing.
 */
import { errors, UserError } from '../errors/errors.js';
import type { ErrorInfo, Inspection, LabelCount, Task } from '../protocol.js';
import { logitNames } from '../core/tasks.js';
import type { Blank } from './decode.js';
import { formatOfName } from '../../shared/imageFormats.js';
import { countEach } from './labelCounts.js';
import { type GoodLook, lookAtAll } from './lookAtAll.js';
import { targetsOf } from './sample.js';
import { scanDataset } from './scan.js';
import type { Dataset, DatasetSpec } from './dataset.js';

export interface InspectOptions {
  signal?: AbortSignal | undefined;
  /** The classes and counts by file names alone, before any image is read. */
  onFound?: ((found: Inspection) => void) | undefined;
  /** Images looked at so far, of all; some ten times a second at most. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** As the config would have them; they decide the split of a folder that has none. */
  validationSplit?: number | undefined;
  seed?: number | undefined;
  /** Where to keep what was seen of each image, so that it is not read again; undefined: nowhere. */
  memory?: string | undefined;
}

/** Below this shorter side a photo hardly shows anything, in pixels. */
const tinySide = 32;
/**
 * The largest class has so many times the images of the smallest: then a model can do well by guessing the largest.
 */
const strongImbalance = 10;

const splitNames = ['train', 'validation', 'test'] as const;

/** Throws a UserError if the folder is not a dataset. */
export async function inspectDataset(spec: DatasetSpec, options: InspectOptions = {}): Promise<Inspection> {
  const { signal, onFound, onProgress, memory, validationSplit = 0.2, seed = 42 } = options;
  const dataset = await scanDataset(spec, { validationSplit, seed, signal });
  onFound?.(foundIn(dataset));
  const looks = await lookAtAll(dataset, { memory, signal, onProgress });
  const good = looks.filter((look): look is GoodLook => !(look.result instanceof UserError));
  const { tasks, columns } = dataset;
  const counts = countEach(tasks, good);
  const problems: ErrorInfo[] = [
    ...dataset.problems,
    ...looks.flatMap(({ result }) => (result instanceof UserError ? [result.toInfo()] : [])),
    ...tasks.flatMap((task, i) => classProblems(dataset.root, task, counts[i]!)),
    ...duplicates(good, logitNames(tasks)),
    ...good.flatMap(imageProblems),
  ];
  const inspection: Inspection = { ...placesOf(dataset), counts: counts[0]!, problems };
  if (!columns) return inspection;
  const images = { train: 0, validation: 0, test: 0 };
  for (const { split } of good) images[split]++;
  return { ...inspection, columns, tasks: tasks.map((task, i) => ({ ...task, counts: counts[i]! })), images };
}

function placesOf(dataset: Dataset): Pick<Inspection, 'root' | 'labels' | 'splits' | 'folders'> {
  const { root, labels, splitOrigin, folders } = dataset;
  return { root, labels, splits: splitOrigin, ...(folders && { folders }) };
}

/** What the scan found, each image counted as readable. */
function foundIn(dataset: Dataset): Inspection {
  const { tasks, columns, splits, problems } = dataset;
  const samples = splitNames.flatMap((split) => [...splits[split]].map((sample) => ({ split, sample })));
  const counts = countEach(tasks, samples);
  const found: Inspection = { ...placesOf(dataset), counts: counts[0]!, problems: [...problems] };
  if (!columns) return found;
  const images = { train: splits.train.length, validation: splits.validation.length, test: splits.test.length };
  return { ...found, columns, tasks: tasks.map((task, i) => ({ ...task, counts: counts[i]! })), images };
}

function classProblems(root: string, { labels, multiLabel }: Task, counts: LabelCount[]): ErrorInfo[] {
  const problems: ErrorInfo[] = [];
  for (const { label, train } of counts) if (train === 0) problems.push(errors.classLost(label, root).toInfo());
  const bySize = [...counts].sort((a, b) => a.train - b.train);
  const [smallest, largest] = [bySize[0]!, bySize.at(-1)!];
  if (!multiLabel && smallest.train > 0 && largest.train >= strongImbalance * smallest.train) {
    problems.push(
      errors.classesImbalanced(root, largest.label, largest.train, smallest.label, smallest.train).toInfo(),
    );
  }
  const byLowerCase = new Map<string, string>();
  for (const label of labels) {
    const other = byLowerCase.get(label.toLowerCase());
    if (other !== undefined) problems.push(errors.classesDifferInCase(root, other, label).toInfo());
    byLowerCase.set(label.toLowerCase(), label);
  }
  return problems;
}

/** Of more duplicates between the same two classes or splits only their number and the first are reported. */
const maxDuplicates = 10;

/** The same bytes in two classes, or on two sides of the evaluation. */
function duplicates(looks: readonly GoodLook[], labels: readonly string[]): ErrorInfo[] {
  const first = new Map<string, GoodLook>();
  const pairs = new Map<string, { look: GoodLook; twin: GoodLook }[]>();
  const wordsOf = ({ sample }: GoodLook): string =>
    targetsOf(sample)
      .map((target) => labels[target]!)
      .join(', ');
  const inClasses = (a: GoodLook, b: GoodLook): boolean => wordsOf(a) !== wordsOf(b);
  for (const look of looks) {
    const twin = first.get(look.result.hash);
    if (!twin) {
      first.set(look.result.hash, look);
      continue;
    }
    if (!inClasses(look, twin) && twin.split === look.split) continue;
    const between = inClasses(look, twin) ? [wordsOf(look), wordsOf(twin)] : [look.split, twin.split, 'splits'];
    const key = JSON.stringify(between);
    const group = pairs.get(key);
    if (group) group.push({ look, twin });
    else pairs.set(key, [{ look, twin }]);
  }
  return [...pairs.values()].flatMap((group) => {
    const [{ look, twin }] = group as [{ look: GoodLook; twin: GoodLook }];
    const count = group.length;
    if (count > maxDuplicates) {
      const [file, other] = [look.sample.path, twin.sample.path];
      return inClasses(look, twin)
        ? [errors.duplicatesAcrossClasses(count, file, other, wordsOf(look), wordsOf(twin)).toInfo()]
        : [errors.duplicatesAcrossSplits(count, file, other, look.split, twin.split).toInfo()];
    }
    return group.map(({ look, twin }) => {
      const [file, other] = [look.sample.path, twin.sample.path];
      return inClasses(look, twin)
        ? errors.duplicateAcrossClasses(file, other, wordsOf(look), wordsOf(twin)).toInfo()
        : errors.duplicateAcrossSplits(file, other, look.split, twin.split).toInfo();
    });
  });
}

function imageProblems({ sample: { path }, result: { format, width, height, blank } }: GoodLook): ErrorInfo[] {
  const problems: ErrorInfo[] = [];
  const named = formatOfName(path);
  if (Math.min(width, height) < tinySide) problems.push(errors.imageTiny(path, width, height).toInfo());
  if (blank !== undefined) problems.push(blankProblem(path, blank).toInfo());
  if (named !== undefined && named !== format) problems.push(errors.imageEndingWrong(path, named, format).toInfo());
  return problems;
}

function blankProblem(path: string, blank: Blank): UserError {
  if (blank === 'constant') return errors.imageConstant(path);
  return blank === 'black' ? errors.imageNearlyBlack(path) : errors.imageNearlyWhite(path);
}
