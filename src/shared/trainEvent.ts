/** The events of a training run: one JSON object a line in `events.jsonl`, and on stdout with `--json`. Types only. */
import type { TaskCalibration } from './calibration.js';
import type { ErrorInfo } from './errorInfo.js';
import type { ClassIntervals } from './interval.js';
import type { ExtraFigures } from './metrics.js';
import type { SaidWords } from './said.js';

export type DeviceName = 'cpu' | 'webgpu' | 'cuda' | 'tensorflow';
export type SplitName = 'train' | 'validation' | 'test';
/** `download` counts bytes, `solve` tasks, the others images or steps. */
export type Phase = 'download' | 'decode' | 'features' | 'compile' | 'solve' | 'evaluate';

/** What a model predicts of an image: one of several labels, or for each label whether it applies. One head each. */
export interface Task {
  /** The column of the label file that it was learnt from; `label` where the classes are folders. */
  name: string;
  labels: string[];
  /** Whether any number of the labels may apply at once. */
  multiLabel: boolean;
}

export interface ClassFigures {
  label: string;
  precision: number;
  recall: number;
  f1: number;
  support: number;
  /** Of a multi-label task; absent where no image has the label. */
  averagePrecision?: number;
  /** Intervals of 95 % (Wilson's); absent in logs, where they follow from the counts. */
  intervals?: ClassIntervals;
}

/** The comparison of a saved or exported model with the one it was made of, on a few images. */
export interface Parity {
  /** How many images were compared. */
  pictures: number;
  /** The largest difference of a probability that does not count as a change. */
  tolerance: number;
  /** The largest difference of a probability that was found. */
  largestDifference: number;
  /** Images, by path, whose likeliest label or whose probabilities changed. */
  changed: { picture: string; was: string; is: string; difference: number }[];
}

/** The figures of one task, or of all together. */
export interface EvaluatedTask extends ExtraFigures {
  /** Mean cross-entropy in nats; summed over several tasks. */
  loss: number;
  /** Share of correct predictions, 0 to 1; the mean over several tasks. */
  accuracy: number;
  /** `confusion[truth][prediction]`, counts; of the first task where there are several, empty of a multi-label task. */
  confusion: number[][];
  /** Of a multi-label task, which has no confusion matrix. */
  perClass?: ClassFigures[];
}

/** What each type of event holds. */
export interface EventFields {
  started: {
    /** Absolute path of the run folder. */
    run: string;
    name: string;
    device: DeviceName;
    model: string;
    method: string;
    /** The labels; of the first task where there are several. */
    labels: string[];
    /** Where there are several tasks, or a multi-label one: all of them. */
    tasks?: Task[];
    /** Images in each split, as the scan finds them. */
    images: Record<SplitName, number>;
    /** Whether the splits are the user's own or were drawn; absent in older logs. */
    splits?: 'folders' | 'seeded';
    /** Images that the scan leaves out, e.g. by their format. A notice reports each that proves unreadable later. */
    skipped: number;
    epochs: number;
    /** Optimiser steps of the whole run. */
    steps: number;
    /** Scalars that train, and scalars in the whole model. */
    trainableParameters: number;
    totalParameters: number;
    /** The step that a resumed run continues from; absent in a fresh one. */
    resumedFrom?: number;
  };
  progress: { phase: Phase; done: number; total: number };
  /**
   * What a long step has shown so far: `loss` is the mean of `done` of its `total` images. The first one of a run is
   * reported at once.
   */
  partialStep: { step: number; done: number; total: number; loss: number };
  /**
   * `epoch` is fractional: 1.5 is the middle of the second epoch. `loss` is the mean since the last step event;
   * `waiting` is the share of the time since then, 0 to 1, in which training waited for images to be read and
   * augmented.
   */
  step: {
    step: number;
    epoch: number;
    loss: number;
    learningRate: number;
    imagesPerSecond: number;
    waiting: number;
  };
  evaluation: EvaluatedTask & {
    step: number;
    epoch: number;
    split: SplitName;
    /** The best checkpoint was evaluated again in fp32, where earlier evaluations were rounded as the steps were. */
    judged?: true;
    /** Where there are several tasks: the figures of each. */
    tasks?: (EvaluatedTask & { task: string })[];
  };
  /** A checkpoint was saved. `best`: it is the best so far, by the config's `metricForBestModel`. */
  checkpoint: { step: number; path: string; best: boolean };
  /** What the validation images say of the best checkpoint's probabilities, and of what it does not know. */
  calibration: {
    step: number;
    /** One for each task. */
    tasks: TaskCalibration[];
    /** Absent where there are too few validation images. `images` is the number of training images in the bank. */
    unknown?: { accepted: number; threshold: number; images: number };
  };
  /** Something the user should know that is not an error: a device fallback, skipped images. */
  notice: { code: string; message: string; remedy?: string; file?: string; said?: SaidWords };
  finished: {
    run: string;
    best: { step: number; accuracy: number };
    seconds: number;
    reason: 'epochs' | 'early-stopping';
    /** Peak memory of the trainer's process, without that of a graphics card; absent in older logs. */
    peakMemoryBytes?: number;
    /**
     * How a fresh process that opened the best checkpoint predicted, compared with the model in training; absent where
     * it could not be compared.
     */
    parity?: Parity;
  };
  /** The user stopped the run; a checkpoint was saved at `step`. */
  stopped: { run: string; step: number };
  error: ErrorInfo;
}

export type TrainEvent = { [Type in keyof EventFields]: { type: Type } & EventFields[Type] }[keyof EventFields];

/** A `TrainEvent` as it lies in `events.jsonl`: `seq` counts from 0 in a run, `time` is milliseconds since 1970. */
export type RecordedEvent = TrainEvent & { seq: number; time: number };
