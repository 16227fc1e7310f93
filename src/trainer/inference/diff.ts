/** Which images two models answer differently, and which of the two is right. */
import type { DiffFigures } from '../../shared/diffWords.js';
import { pairedTest } from '../../shared/pairedTest.js';
import { writeImageList } from '../data/datasetList.js';
import { errors } from '../errors/errors.js';
import type { Diff, DiffCounts, ErrorInfo, EvaluatedImage, Flip } from '../protocol.js';
import { Classifier } from './classifier.js';
import { evaluateOpen, findEvaluated, type Evaluated, type EvaluateOptions, type Found } from './evaluate.js';
import { FlipList } from './flipList.js';
import { datasetOfRun, type EvaluatedImages } from './runSplits.js';

export interface DiffOptions extends Pick<
  EvaluateOptions,
  'dataset' | 'cacheFolder' | 'signal' | 'onProgress' | 'list'
> {
  images: EvaluatedImages;
  /** Checkpoint folders: the model before, and the one after. */
  was: string;
  is: string;
  onFlip?: (flip: Flip) => void;
}

interface Model {
  folder: string;
  classifier: Classifier;
}

/** What a model answered of an image in each task that the image has a label for. */
type Answers = EvaluatedImage['answers'];

/** Labels are the same where they look the same: a name may be composed of other characters. */
const asOne = (label: string): string => label.normalize('NFC');

/** Throws where two models cannot be compared label by label; the order of the labels does not count. */
function requireSameLabels(...models: [Model, Model]): void {
  const names = new Set(models.flatMap(({ classifier }) => classifier.tasks.map(({ name }) => name)));
  const [first, second] = models.map(({ classifier: { tasks } }) =>
    tasks.flatMap(({ name, labels }) => labels.map((label) => asOne(names.size > 1 ? `${name}: ${label}` : label))),
  ) as [string[], string[]];
  const without = (own: string[], others: string[]) => own.filter((name) => !others.includes(name)).join(', ') || '–';
  if (first.toSorted().join('\n') !== second.toSorted().join('\n'))
    throw errors.calibration.labelsDiffer(
      ...(models.map(({ folder }) => folder) as [string, string]),
      without(first, second),
      without(second, first),
    );
  for (const { folder, classifier } of models)
    for (const { name, multiLabel } of classifier.tasks)
      if (multiLabel) throw errors.calibration.severalLabels(folder, name);
}

/** Of the first task. */
function figuresOf({ tasks, ...own }: Evaluated): DiffFigures {
  const { accuracy, interval, perClass } = tasks?.[0] ?? own;
  return { accuracy, interval, perClass: perClass.map((each) => ({ ...each, label: asOne(each.label) })) };
}

/** Counts the images of a task. */
class Tally {
  private readonly counts = { images: 0, changed: 0, wasRight: 0, isRight: 0, neither: 0 };

  add({ was, is, truth }: Omit<Flip, 'type'>): void {
    this.counts.images++;
    if (was === is) return;
    this.counts.changed++;
    this.counts[was === truth ? 'wasRight' : is === truth ? 'isRight' : 'neither']++;
  }

  /** Where only one is right the answer has changed, so these are the counts of McNemar's test. */
  result(): DiffCounts {
    const { images, isRight, wasRight } = this.counts;
    return { ...this.counts, test: pairedTest({ images, onlyFirst: isRight, onlySecond: wasRight }) };
  }
}

/**
 * Compares two models on the images of a dataset that both can be asked about: by default those that neither was
 * trained on. Each prepares the images in its own way.
 * @throws UserError where their labels differ, or there is no image that both can be asked about.
 */
export async function diff(o: DiffOptions): Promise<Diff & { problems: ErrorInfo[] }> {
  const first = { folder: o.was, classifier: await Classifier.open(o.was, 'many') };
  try {
    const second = { folder: o.is, classifier: await Classifier.open(o.is, 'many') };
    try {
      requireSameLabels(first, second);
      return await diffOpen(first, second, o);
    } finally {
      await second.classifier.dispose();
    }
  } finally {
    await first.classifier.dispose();
  }
}

/**
 * The images that both models can be asked about. A model without a run knows no split: where the images are those of a
 * split, it takes the other's.
 */
async function findCommon(models: readonly Model[], o: DiffOptions): Promise<Found[]> {
  const ofRuns = await Promise.all(models.map(({ folder }) => datasetOfRun(folder)));
  const found = await Promise.all(
    models.map(({ folder, classifier }, i) => {
      const own = ofRuns[i];
      const isGuest = own === undefined && ofRuns[1 - i] !== undefined && o.images !== 'heldOut';
      const dataset = o.dataset ?? own ?? ofRuns[1 - i];
      const images = isGuest ? 'all' : o.images;
      return findEvaluated(classifier.tasks, { checkpoint: folder, dataset, images, signal: o.signal });
    }),
  );
  const [first, second] = found.map(({ images }) => new Set(Array.from(images, ({ path }) => path)));
  const isCommon = (path: string) => first!.has(path) && second!.has(path);
  const common = found.map((each) => ({
    ...each,
    images: each.images.filter((row) => isCommon(each.images.pathAt(row))),
  }));
  if (!common[0]!.images.length) throw errors.calibration.nothingInCommon(found[0]!.dataset.root);
  return common;
}

async function diffOpen(first: Model, second: Model, o: DiffOptions): Promise<Diff & { problems: ErrorInfo[] }> {
  const { tasks } = first.classifier;
  const isSeveral = tasks.length > 1;
  const found = await findCommon([first, second], o);
  const known = new Map<string, Answers>();
  const before = await evaluateOpen(
    first.classifier,
    {
      ...{ checkpoint: first.folder, cacheFolder: o.cacheFolder, signal: o.signal },
      onProgress: (done, total) => o.onProgress?.(done, 2 * total),
      onImage: ({ path, answers }) => known.set(path, answers),
    },
    found[0],
  );
  const tallies = new Map(tasks.map(({ name }) => [name, new Tally()]));
  const list = new FlipList(tasks.map((task) => ({ ...task, labels: task.labels.map(asOne) })));
  const after = await evaluateOpen(
    second.classifier,
    {
      ...{ checkpoint: second.folder, cacheFolder: o.cacheFolder, signal: o.signal },
      onProgress: (done, total) => o.onProgress?.(total + done, 2 * total),
      onImage({ path, answers }, part) {
        for (const { task, truth, prediction } of answers) {
          const earlier = known.get(path)?.find((each) => each.task === task);
          if (!earlier) continue;
          const answer = {
            path,
            was: asOne(earlier.prediction.label),
            is: asOne(prediction.label),
            truth: asOne(truth),
            ...(isSeveral && { task }),
          };
          tallies.get(task)!.add(answer);
          if (answer.was === answer.is) continue;
          o.onFlip?.({ type: 'flip', ...answer });
          list.add(answer, part, prediction.probability);
        }
      },
    },
    found[1],
  );
  if (o.list !== undefined) await writeImageList(o.list, list.list());
  const counts = [...tallies].map(([task, tally]) => ({ task, ...tally.result() }));
  const { task: _, ...own } = counts[0]!;
  const problems = new Map([...before.problems, ...after.problems].map((info) => [JSON.stringify(info), info]));
  return {
    was: first.folder,
    is: second.folder,
    ...own,
    ...(isSeveral && { tasks: counts }),
    coverage: { was: before.coverage, is: after.coverage },
    figures: { was: figuresOf(before), is: figuresOf(after) },
    problems: [...problems.values()],
  };
}
