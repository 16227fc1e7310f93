/** The tests of a model: each is computed from files to answers and says whether it passed, in words and images. */
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { coverageWords } from '../../shared/coverage.js';
import type { LoadedTests } from '../config/loadTests.js';
import { usualImages, type Tests } from '../config/testsSchema.js';
import { nearestName } from '../../shared/nearestName.js';
import { errors, type Place, UserError } from '../errors/errors.js';
import type { Classification, ErrorInfo, TestResult } from '../protocol.js';
import { newestRun, resolveCheckpoint } from '../runs/runFolder.js';
import { Classifier } from './classifier.js';
import { evaluateOpen, findEvaluated, type EvaluateOptions, type Found } from './evaluate.js';
import { compareWithExport, type ExportDifference } from './exportDifference.js';
import { folderMegabytes, millisecondsOf } from './modelCosts.js';

export interface TestOptions extends Pick<EvaluateOptions, 'cacheFolder' | 'signal' | 'onProgress'> {
  loaded: LoadedTests;
  /** Downloaded where it is of the hub. */
  dataset: string | undefined;
  /** Whether a test of this name is wanted. */
  wants: (name: string) => boolean;
  onResult: (result: TestResult) => void;
  onProblem?: (problem: ErrorInfo) => void;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const same = (a: string, b: string): boolean => a.normalize('NFC') === b.normalize('NFC');
/** Below the last digit that a threshold is written with. */
const rounding = 1e-9;

/** Throws what a person can mend at a place of the test file, there. */
async function at<T>(place: Place, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    if (error.code === 'EVALUATION_ONLY_TRAINING') throw errors.tests.onlyTrainingImages(place, error);
    throw error.at(place);
  });
}

/** `count` of the items, evenly spread. */
const spread = <T>(items: readonly T[], count: number): T[] =>
  items.length <= count
    ? [...items]
    : Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);

/**
 * Runs the tests one after the other, those of one evaluation together.
 * @throws UserError, at its place in the file, where a test cannot be answered: a model that cannot be opened, a class
 *   that it does not have, a dataset without images.
 */
export async function runModelTests(o: TestOptions): Promise<void> {
  const { loaded } = o;
  const placeOfModel = loaded.config ? { file: loaded.file } : loaded.placeOf('checkpoint');
  const checkpoint = await at(
    placeOfModel,
    (loaded.config ? newestRun(loaded.config) : Promise.resolve(loaded.checkpoint!)).then(resolveCheckpoint),
  );
  const classifier = await at(placeOfModel, Classifier.open(checkpoint, 'many'));
  try {
    classifier.notices.forEach((notice) => o.onProblem?.(notice.toInfo()));
    await new ModelTests(o, checkpoint, classifier).run();
  } finally {
    await classifier.dispose();
  }
}

/** What is wrong with an answer. */
type FaultOf = (found: Extract<Classification, { predictions: unknown }>) => string | undefined;

class ModelTests {
  #found: Promise<Found> | undefined;

  constructor(
    private readonly o: TestOptions,
    private readonly checkpoint: string,
    private readonly classifier: Classifier,
  ) {}

  get #tests() {
    return this.o.loaded.tests;
  }

  #wants(...names: string[]): boolean {
    return this.o.loaded.names.some(({ name }) => names.includes(name) && this.o.wants(name));
  }

  #say(name: string, passed: boolean, message: string, images: readonly string[] = []): void {
    if (this.#wants(name)) this.o.onResult({ type: 'test', name, passed, message, images: [...images] });
  }

  async run(): Promise<void> {
    this.#requireClasses();
    const { checkpoint } = this;
    const { classAccuracy = {}, maxMegabytes, maxMilliseconds, right, unknown, export: exported } = this.#tests;
    if (this.#wants('accuracy', ...Object.keys(classAccuracy).map((label) => `classAccuracy.${label}`)))
      await this.#testAccuracy();
    if (right && this.#wants('right')) await this.#testRight(right);
    if (unknown && this.#wants('unknown')) await this.#testUnknown(unknown);
    if (maxMegabytes !== undefined) await this.#testSize('maxMegabytes', checkpoint, maxMegabytes);
    if (maxMilliseconds !== undefined) await this.#testTime('maxMilliseconds', checkpoint, maxMilliseconds);
    if (exported && this.o.loaded.names.some(({ name, path }) => path[0] === 'export' && this.o.wants(name)))
      await this.#testExport(exported);
  }

  async #testExport({ folder: path, images: count, ...wanted }: NonNullable<Tests['export']>): Promise<void> {
    const { classifier } = this;
    const place = this.o.loaded.placeOf('tests', 'export', 'folder');
    const folder = await at(place, resolveCheckpoint(path));
    if (this.#wants('export.sameAnswers', 'export.maxDifference')) {
      const other = await at(place, Classifier.open(folder, 'many'));
      try {
        const [own, theirs] = [classifier.labels, other.labels];
        if (own.toSorted().join('\n') !== theirs.toSorted().join('\n'))
          throw errors.tests.labelsDiffer(place, own, theirs);
        const images = spread(await this.#paths(), count ?? usualImages);
        this.#sayDifference(await compareWithExport(classifier, other, images, this.o.signal), wanted.maxDifference);
      } finally {
        await other.dispose();
      }
    }
    if (wanted.maxMegabytes !== undefined) await this.#testSize('export.maxMegabytes', folder, wanted.maxMegabytes);
    if (wanted.maxMilliseconds !== undefined)
      await this.#testTime('export.maxMilliseconds', folder, wanted.maxMilliseconds);
  }

  /** A class that the model does not have is an error of the file, not of the model. */
  #requireClasses(): void {
    const { right = {}, classAccuracy = {} } = this.#tests;
    const { labels } = this.classifier;
    const require = (label: string, place: Place): void => {
      if (!labels.some((each) => same(each, label)))
        throw errors.tests.classUnknown(place, label, nearestName(label, labels), labels);
    };
    const { placeOf } = this.o.loaded;
    for (const label of Object.keys(classAccuracy)) require(label, placeOf('tests', 'classAccuracy', label));
    for (const [image, label] of Object.entries(right)) require(label, placeOf('tests', 'right', image));
  }

  /** The images that count. */
  #find(): Promise<Found> {
    const { loaded, dataset, signal } = this.o;
    const place = loaded.dataset === undefined ? loaded.placeOf('tests') : loaded.placeOf('dataset');
    return (this.#found ??= at(
      place,
      findEvaluated(this.classifier.tasks, {
        checkpoint: this.checkpoint,
        dataset,
        images: this.#tests.images,
        signal,
      }),
    ));
  }

  async #paths(): Promise<string[]> {
    const { images } = await this.#find();
    return Array.from(images, ({ path }) => path);
  }

  async #testAccuracy(): Promise<void> {
    const { accuracy, classAccuracy = {} } = this.#tests;
    const { cacheFolder, signal, onProgress } = this.o;
    const mistakes: { path: string; truth: string; probability: number }[] = [];
    const { tasks } = this.classifier;
    const nameOf = (task: string, label: string) => (tasks.length > 1 ? `${task}: ${label}` : label);
    const options = { checkpoint: this.checkpoint, cacheFolder, signal, ...(onProgress && { onProgress }) };
    const evaluation = await evaluateOpen(
      this.classifier,
      {
        ...options,
        onImage({ path, answers }) {
          for (const { task, truth, prediction } of answers)
            if (truth !== prediction.label)
              mistakes.push({ path, truth: nameOf(task, truth), probability: prediction.probability });
        },
      },
      await this.#find(),
    );
    evaluation.problems.forEach((problem) => this.o.onProblem?.(problem));
    mistakes.sort((a, b) => b.probability - a.probability);
    const pathsOf = (wanted: typeof mistakes) => [...new Set(wanted.map(({ path }) => path))];
    const covered = coverageWords(evaluation.coverage, l10n.t).join(' ');
    if (accuracy !== undefined) {
      const passed = evaluation.accuracy >= accuracy - rounding;
      const message = l10n.t('Accuracy {0}; at least {1} is wanted.', percent(evaluation.accuracy), percent(accuracy));
      this.#say('accuracy', passed, `${message} ${covered}`, passed ? [] : pathsOf(mistakes));
    }
    const rows = (evaluation.tasks ?? [{ task: '', ...evaluation }]).flatMap(({ task, perClass }) =>
      perClass.map((row) => ({ ...row, label: nameOf(task, row.label) })),
    );
    for (const [label, wanted] of Object.entries(classAccuracy)) {
      const { recall, support } = rows.find((row) => same(row.label, label))!;
      const passed = support > 0 && recall >= wanted - rounding;
      const message = support
        ? l10n.t(
            'Of the class {0} {1} are right; at least {2} is wanted. Its images: {3}.',
            label,
            percent(recall),
            percent(wanted),
            support,
          )
        : l10n.t('There is no image of the class {0} among those that count.', label);
      const wrong = pathsOf(mistakes.filter(({ truth }) => same(truth, label)));
      this.#say(`classAccuracy.${label}`, passed, `${message} ${covered}`, passed ? [] : wrong);
    }
  }

  /** A line for each image of which something is said. */
  async #testImages(
    name: string,
    paths: readonly string[],
    faultOf: FaultOf,
    words: (wrong: number) => string,
  ): Promise<void> {
    const faults: [path: string, fault: string][] = [];
    for await (const found of this.classifier.classify(paths, { top: Infinity }, this.o.signal)) {
      const fault = 'error' in found ? found.error.message : faultOf(found);
      if (fault !== undefined) faults.push([found.path, fault]);
    }
    const lines = faults.map(([path, fault]) => `${path}: ${fault}`);
    const message = [words(faults.length), ...lines].join('\n');
    this.#say(
      name,
      !faults.length,
      message,
      faults.map(([path]) => path),
    );
  }

  #testRight(right: Readonly<Record<string, string>>): Promise<void> {
    const labels = new Map(Object.entries(right).map(([path, label]) => [resolve(path), label]));
    const { tasks } = this.classifier;
    const faultOf: FaultOf = ({ path, predictions, tasks: several, unknown }) => {
      const label = labels.get(path)!;
      if (unknown?.isUnknown)
        return l10n.t('it is answered as unknown, nearest to {0}; it is {1}', unknown.nearest.join(', '), label);
      const byTask = several ?? [{ task: tasks[0]!.name, predictions }];
      const nameOf = (task: string, each: string) => (tasks.length > 1 ? `${task}: ${each}` : each);
      const index = byTask.findIndex(({ task, predictions: own }) =>
        own.some((each) => same(nameOf(task, each.label), label)),
      );
      const { task, predictions: own } = byTask[index]!;
      const [best] = own;
      if (tasks[index]!.multiLabel) {
        const { probability, threshold = 0.5 } = own.find((each) => same(nameOf(task, each.label), label))!;
        return probability >= threshold ? undefined : l10n.t('{0} has only {1}', label, percent(probability));
      }
      if (same(nameOf(task, best!.label), label)) return undefined;
      return l10n.t('it is answered as {0} ({1}); it is {2}', best!.label, percent(best!.probability), label);
    };
    return this.#testImages('right', [...labels.keys()], faultOf, (wrong) =>
      l10n.t('{0} of {1} images are right; all must be.', labels.size - wrong, labels.size),
    );
  }

  #testUnknown(paths: readonly string[]): Promise<void> {
    if (!this.classifier.knowsUnknown)
      throw errors.tests.nothingIsUnknown(this.o.loaded.placeOf('tests', 'unknown'), this.checkpoint);
    return this.#testImages(
      'unknown',
      paths,
      ({ unknown, predictions: [best] }) =>
        unknown!.isUnknown ? undefined : l10n.t('it is answered as {0} ({1})', best!.label, percent(best!.probability)),
      (wrong) => l10n.t('{0} of {1} images are answered as unknown; all must be.', paths.length - wrong, paths.length),
    );
  }

  async #testSize(name: string, folder: string, most: number): Promise<void> {
    if (!this.#wants(name)) return;
    const size = await folderMegabytes(folder);
    const message = l10n.t('{0} takes {1} MB; at most {2} MB are wanted.', folder, size.toFixed(2), most);
    this.#say(name, size <= most, message);
  }

  async #testTime(name: string, folder: string, most: number): Promise<void> {
    if (!this.#wants(name)) return;
    const place = this.o.loaded.placeOf('tests', ...name.split('.'));
    const timed = await millisecondsOf(folder, await this.#paths(), this.o.signal);
    if (!timed) throw errors.tests.nothingRead(place);
    const message = l10n.t(
      'An image takes {0} ms (the median of {1}); at most {2} ms are wanted.',
      timed.median.toFixed(1),
      timed.images,
      most,
    );
    this.#say(name, timed.median <= most, message);
  }

  #sayDifference({ images, largest, farthest, changed }: ExportDifference, most: number | undefined): void {
    if (!images) throw errors.tests.nothingRead(this.o.loaded.placeOf('tests', 'export', 'folder'));
    const lines = changed.map(({ path, was, is }) => `${path}: ${was} → ${is}`);
    const words = l10n.t(
      'The export answers {0} of {1} images as the model does; all must be.',
      images - changed.length,
      images,
    );
    const paths = changed.map(({ path }) => path);
    this.#say('export.sameAnswers', !changed.length, [words, ...lines].join('\n'), paths);
    if (most === undefined) return;
    const passed = largest <= most;
    const message = l10n.t(
      'Probabilities of the export differ by up to {0} in {1} images; at most {2} is wanted.',
      largest.toExponential(1),
      images,
      most,
    );
    this.#say('export.maxDifference', passed, message, passed ? [] : [farthest!]);
  }
}
