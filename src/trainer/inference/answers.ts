/** What a model answered to the images of a split: what was right, and of enough of them the logits and features. */
import type { TaskCalibration } from '../../shared/calibration.js';
import { spansOf } from '../core/tasks.js';
import type { Task } from '../protocol.js';
import type { Labelled } from './temperature.js';
import { cutsOf } from './thresholds.js';

/** What a model computes of a batch: logits [≥ count, labels] and what its head reads [≥ count, width]. */
export interface Inferred {
  logits: Float32Array;
  embedding: Float32Array;
}

/** The images of a batch: `targets` [≥ count, labels of all tasks], and their numbers in the split. */
export interface AnsweredBatch {
  targets: Float32Array;
  count: number;
  samples: readonly number[];
}

/**
 * Logits and features are kept of so many images, evenly spread; more would change no figure that is fitted to them.
 */
const mostKept = 2000;
const [right, wrong, unanswered] = ['1', '0', '-'].map((letter) => letter.charCodeAt(0)) as [number, number, number];

export class Answers {
  /** [kept images], each [labels of all tasks] or [width]. */
  readonly logits: Float32Array[] = [];
  readonly targets: Float32Array[] = [];
  readonly embeddings: Float32Array[] = [];
  /** [kept images]: whether each was answered right in every task that it has a label for. */
  readonly rights: boolean[] = [];
  readonly #outcomes: Uint8Array[];
  readonly #kept: number;
  /** Of each task with thresholds, the logit from which on each label counts as predicted. */
  readonly #cuts: readonly (readonly number[] | undefined)[];

  /** For a split of so many images; `keeps` says whether logits and features are kept, or only what was right. */
  constructor(
    private readonly tasks: readonly Task[],
    private readonly images: number,
    {
      keeps = true,
      calibration = [],
    }: {
      keeps?: boolean;
      calibration?: readonly Pick<TaskCalibration, 'temperature' | 'thresholds'>[] | undefined;
    } = {},
  ) {
    this.#cuts = tasks.map((_, t) => cutsOf(calibration[t]));
    this.#outcomes = tasks.map(() => new Uint8Array(images).fill(unanswered));
    this.#kept = keeps ? Math.min(images, mostKept) : 0;
  }

  add({ logits, embedding }: Inferred, { targets, count, samples }: AnsweredBatch): void {
    if (!count) return;
    const spans = spansOf(this.tasks);
    const labels = spans.at(-1)!.end;
    const width = embedding.length / (logits.length / labels);
    for (let row = 0; row < count; row++) {
      const sample = samples[row]!;
      const [own, wanted] = [logits, targets].map((values) => values.subarray(row * labels, (row + 1) * labels)) as [
        Float32Array,
        Float32Array,
      ];
      let isAllRight = true;
      spans.forEach(({ task, start, end }, t) => {
        const isRight = answeredRight(task, own.subarray(start, end), wanted.subarray(start, end), this.#cuts[t]);
        if (isRight !== undefined) this.#outcomes[t]![sample] = isRight ? right : wrong;
        isAllRight &&= isRight !== false;
      });
      if (!this.#keeps(sample)) continue;
      this.logits.push(own.slice());
      this.targets.push(wanted.slice());
      this.embeddings.push(embedding.slice(row * width, (row + 1) * width));
      this.rights.push(isAllRight);
    }
  }

  #keeps(sample: number): boolean {
    const place = (each: number) => Math.floor((each * this.#kept) / this.images);
    return this.#kept > 0 && (this.#kept === this.images || place(sample) !== place(sample - 1));
  }

  /**
   * A letter for each image of the split, in order, for each task: right `1`, wrong `0`, without a label or unread `-`.
   */
  outcomes(): string[] {
    return this.#outcomes.map((each) => Buffer.from(each).toString('latin1'));
  }

  /** Of each task, the kept images that have a label for it. */
  byTask(): Labelled[] {
    return spansOf(this.tasks).map(({ task, start, end }) => {
      const labelled = {
        multiLabel: task.multiLabel,
        logits: [] as Float32Array[],
        truth: [] as number[],
        targets: [] as Float32Array[],
      };
      this.targets.forEach((row, i) => {
        const wanted = row.subarray(start, end);
        const truth = wanted.indexOf(1);
        if (!task.multiLabel && truth < 0) return;
        labelled.logits.push(this.logits[i]!.subarray(start, end));
        labelled.truth.push(truth);
        labelled.targets.push(wanted);
      });
      return labelled;
    });
  }
}

/**
 * Whether all labels of a task are right. Undefined where the image has no label for a task with one label an image.
 */
function answeredRight(
  { multiLabel }: Task,
  logits: Float32Array,
  targets: Float32Array,
  cuts: readonly number[] | undefined,
): boolean | undefined {
  if (multiLabel) return logits.every((logit, i) => logit >= (cuts?.[i] ?? 0) === targets[i]! > 0.5);
  const truth = targets.indexOf(1);
  return truth < 0
    ? undefined
    : logits.every((logit, i) => i === truth || logit < logits[truth]! || (logit === logits[truth] && i > truth));
}
