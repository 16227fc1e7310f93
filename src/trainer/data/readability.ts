/**
 * Records which images can be read while they are decoded, and reports when too few are left for training or
 * evaluation.
 */
import { existsSync } from 'node:fs';
import { errors } from '../errors/errors.js';
import type { SplitName } from '../protocol.js';
import { countLabels, logitNames, spansOf } from '../core/tasks.js';
import { targetsOf } from './sample.js';
import type { Dataset } from './dataset.js';

const splitNames: readonly SplitName[] = ['train', 'validation', 'test'];
const [unseen, readable, unreadable] = [0, 1, 2];

/** Images of a split, and of each label in it, that are not known to be unreadable. */
interface Left {
  images: number;
  labels: Uint32Array;
}

export class Readability {
  readonly #states: Readonly<Record<SplitName, Uint8Array>>;
  readonly #left: Readonly<Record<SplitName, Left>>;
  /** Training images of each label, readable or not. */
  readonly #scanned: Uint32Array;
  #isAnyRead = false;
  /** Splits that have lost images since the last check. */
  readonly #lost = new Set<SplitName>();

  constructor(private readonly dataset: Dataset) {
    const each = <T>(of: (split: SplitName) => T): Record<SplitName, T> => ({
      train: of('train'),
      validation: of('validation'),
      test: of('test'),
    });
    this.#states = each((split) => new Uint8Array(dataset.splits[split].length).fill(unseen));
    this.#left = each((split) => {
      const labels = new Uint32Array(countLabels(dataset.tasks));
      const samples = dataset.splits[split];
      for (let row = 0; row < samples.length; row++)
        for (const target of targetsOf(samples.labelsAt(row))) labels[target]!++;
      return { images: samples.length, labels };
    });
    this.#scanned = this.#left.train.labels.slice();
  }

  isUnreadable(split: SplitName, sample: number): boolean {
    return this.#states[split][sample] === unreadable;
  }

  noteRead(split: SplitName, sample: number): void {
    this.#isAnyRead = true;
    this.#states[split][sample] = readable;
  }

  /**
   * Leaves an image out from now on; gives whether that is news.
   * @throws UserError where the image was read before in this run, or the whole dataset has gone.
   */
  leaveOut(split: SplitName, sample: number): boolean {
    const { root, splits } = this.dataset;
    const states = this.#states[split];
    if (states[sample] === unreadable) return false;
    if (states[sample] === readable) throw errors.imageLost(splits[split].pathAt(sample));
    // A disk that was taken away has no unreadable images.
    if (!existsSync(root)) throw errors.datasetMissing(root);
    states[sample] = unreadable;
    const left = this.#left[split];
    left.images--;
    for (const target of targetsOf(splits[split].labelsAt(sample))) left.labels[target]!--;
    this.#lost.add(split);
    return true;
  }

  /** Called after each batch. @throws UserError if no image can be read, or too few are left. */
  requireEnough(): void {
    if (!this.#lost.size) return;
    const { root, tasks, splits } = this.dataset;
    const first = splitNames.find((split) => splits[split].length)!;
    if (!this.#isAnyRead && !this.#left[first].images) throw errors.noReadableImages(root);
    if (this.#lost.has('validation')) this.requireValidation();
    // As long as nothing was read it is not a class that is at fault.
    if (!this.#isAnyRead) return;
    const { labels } = this.#left.train;
    const gone = this.#lost.has('train')
      ? labels.findIndex((count, target) => !count && this.#scanned[target]! > 0)
      : -1;
    if (gone >= 0) throw errors.classLost(logitNames(tasks)[gone]!, root);
    this.#lost.clear();
  }

  /** @throws UserError if there is no validation image, or none with a label for one of the tasks. */
  requireValidation(): void {
    const { root, tasks } = this.dataset;
    const { images, labels } = this.#left.validation;
    if (!images) throw errors.validationEmpty(root);
    for (const { task, start, end } of spansOf(tasks)) {
      if (!task.multiLabel && !labels.subarray(start, end).some(Boolean))
        throw errors.labelFile.notValidated(root, task.name);
    }
  }
}
