/** The trainer's DOOR: what goes into the trainer process, what comes out, and the shape of an error. Types only. */

/** An error as a person sees it: made by `errors.ts`, shown as it is. */
export interface ErrorInfo {
  /** Stable, upper snake case, e.g. `DATASET_EMPTY`. */
  code: string;
  /** What is wrong, in plain words. */
  message: string;
  /** What the person can do about it. */
  remedy: string;
  /** Absolute path of the file at fault, where there is one. */
  file?: string;
  /** One-based place in `file`. */
  line?: number;
  column?: number;
}

export type DeviceName = 'cpu' | 'webgpu' | 'cuda';
export type SplitName = 'train' | 'validation' | 'test';
/** `download` counts bytes, the others images or steps. */
export type Phase = 'download' | 'decode' | 'features' | 'compile' | 'evaluate';

/**
 * What a model answers of an image: one of several labels, or of each label whether it is there. A head of the model
 * for each.
 */
export interface Task {
  /** The column of the label file it was learnt from; `label` where the classes are folders. */
  name: string;
  labels: string[];
  /** Whether any number of the labels may be right at once. */
  multiLabel: boolean;
}

/** What can be said of a multi-label task beside its accuracy (the share of images with every label right). */
export interface MultiLabelFigures {
  /** Mean over the labels of the area under the precision-recall curve. */
  meanAveragePrecision: number;
  /** F1 of all answers together, and the mean of the labels' F1. */
  f1Micro: number;
  f1Macro: number;
}

export interface ClassFigures {
  label: string;
  precision: number;
  recall: number;
  f1: number;
  support: number;
  /** Of a multi-label task; absent where no image has the label. */
  averagePrecision?: number;
}

/** Events of a training run, one JSON object a line in `events.jsonl` and on stdout with `--json`. */
export type TrainEvent =
  | {
      type: 'started';
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
      /**
       * Images that the scan leaves out, e.g. by their format; those that turn out to be unreadable later are told by a
       * notice each.
       */
      skipped: number;
      epochs: number;
      /** Optimiser steps of the whole run. */
      steps: number;
      /** Scalars that train, and scalars in the whole model. */
      trainableParameters: number;
      totalParameters: number;
      /** The step that a resumed run continues from; absent in a fresh one. */
      resumedFrom?: number;
    }
  | { type: 'progress'; phase: Phase; done: number; total: number }
  /**
   * What a step that takes its time has shown so far: `loss` is the mean of `done` of its `total` images. The first
   * one of a run is told at once.
   */
  | { type: 'partialStep'; step: number; done: number; total: number; loss: number }
  /**
   * `epoch` is fractional: 1.5 is the middle of the second epoch. `loss` is the mean since the last step event;
   * `waiting` the share of the time since then, 0 to 1, in which training had to wait for images to be read and
   * augmented.
   */
  | {
      type: 'step';
      step: number;
      epoch: number;
      loss: number;
      learningRate: number;
      imagesPerSecond: number;
      waiting: number;
    }
  | ({
      type: 'evaluation';
      step: number;
      epoch: number;
      split: SplitName;
      /** Of the best checkpoint once more, in floats, where what came before was rounded as its steps were. */
      judged?: true;
      /** Mean cross-entropy in nats; summed over several tasks. */
      loss: number;
      /** Share of right answers, 0 to 1; the mean over several tasks. */
      accuracy: number;
      /**
       * `confusion[truth][prediction]`, counts; of the first task where there are several, empty of a multi-label task.
       */
      confusion: number[][];
      /** Of a multi-label task, which has no confusion matrix. */
      perClass?: ClassFigures[];
      /** Where there are several tasks: each one's figures. */
      tasks?: ({
        task: string;
        loss: number;
        accuracy: number;
        confusion: number[][];
        perClass?: ClassFigures[];
      } & Partial<MultiLabelFigures>)[];
    } & Partial<MultiLabelFigures>)
  | { type: 'checkpoint'; step: number; path: string; best: boolean }
  /** Something the person should know that is no error: a device fallback, skipped images. */
  | { type: 'notice'; code: string; message: string; remedy?: string; file?: string }
  | {
      type: 'finished';
      run: string;
      best: { step: number; accuracy: number };
      seconds: number;
      reason: 'epochs' | 'early-stopping';
      /**
       * The most memory that the trainer's process had at once, that of a graphics card not counted; absent in older
       * logs.
       */
      peakMemoryBytes?: number;
      /**
       * How the best checkpoint, opened by a fresh process, answered compared with the model in training; absent where
       * it could not be asked.
       */
      parity?: Parity;
    }
  /** The person stopped the run; a checkpoint was saved at `step`. */
  | { type: 'stopped'; run: string; step: number }
  | ({ type: 'error' } & ErrorInfo);

/** A `TrainEvent` as it lies in `events.jsonl`: `seq` counts from 0 in a run, `time` is milliseconds since 1970. */
export type RecordedEvent = TrainEvent & { seq: number; time: number };

/** The fields by which a window finds a running trainer: `lock.json` in the run folder. */
export interface RunLock {
  /** The name of the machine, since a folder may be shared by several, each with processes of its own. */
  host: string;
  pid: number;
  /** Unix socket path or Windows pipe name that speaks `RunRequest` in, `RecordedEvent` out, a JSON object a line. */
  socket: string;
  startedAt: number;
}

/** Sent to a running trainer over its socket. */
export type RunRequest = { type: 'stop' };

export interface Prediction {
  label: string;
  /** 0 to 1. */
  probability: number;
}

/**
 * The answer for one image: predictions, best first, or why there are none. The probabilities of a multi-label task are
 * each label's own and do not sum to 1. Where there are several tasks, `predictions` are the first one's and `tasks`
 * has each one's.
 */
export type Classification =
  | { path: string; predictions: Prediction[]; tasks?: { task: string; predictions: Prediction[] }[] }
  | { path: string; error: ErrorInfo };

/** Requests to and answers from the warm classification process (`main.js serve`), over the fork's IPC channel. */
export type ServeRequest =
  | { id: number; type: 'classify'; checkpoint: string; paths: string[]; top: number }
  /** A small preview of an image that an editor cannot draw itself: at most `side` pixels wide and high. */
  | { id: number; type: 'preview'; path: string; side: number }
  | { id: number; type: 'cancel'; request: number };
export type ServeAnswer =
  | { id: number; type: 'classification'; result: Classification }
  /** `src` is a data URI. */
  | { id: number; type: 'preview'; src: string }
  | { id: number; type: 'done' }
  | ({ id: number; type: 'error' } & ErrorInfo);

export interface TaskEvaluation extends Partial<MultiLabelFigures> {
  accuracy: number;
  loss: number;
  labels: string[];
  perClass: ClassFigures[];
  /** `confusion[truth][prediction]`, counts, in the order of `labels`; empty of a multi-label task. */
  confusion: number[][];
}

/**
 * With several tasks `accuracy` is their mean, `loss` their sum, the rest is the first one's, and `tasks` has each
 * one's.
 */
export interface Evaluation extends TaskEvaluation {
  tasks?: ({ task: string } & TaskEvaluation)[];
}

/**
 * An image of an evaluation and what it was taken for, in each task in which one label is right and the image has
 * it: `vitune evaluate --pictures --json` prints them before the result.
 */
export interface EvaluatedImage {
  type: 'picture';
  path: string;
  answers: { task: string; truth: string; prediction: Prediction }[];
}

/** Readable images of a label in each split. */
export interface LabelCount {
  label: string;
  train: number;
  validation: number;
  test: number;
}

/** What a column of a label file is taken for. */
export type ColumnUse = 'image' | 'split' | 'label' | 'unused';

/** A column of a label file. */
export interface LabelColumn {
  name: string;
  use: ColumnUse;
  /** Different values, and rows without one. */
  values: number;
  empty: number;
}

export interface Inspection {
  root: string;
  /** The labels and their counts; of the first task where there are several. */
  labels: string[];
  counts: LabelCount[];
  /** Whether the splits are the person's own (folders, or a column of the label file) or drawn by seed. */
  splits: 'folders' | 'seeded';
  problems: ErrorInfo[];
  /** Where there is a label file: its columns, the tasks made of them, and the readable images in all. */
  columns?: LabelColumn[];
  tasks?: (Task & { counts: LabelCount[] })[];
  images?: Record<SplitName, number>;
}

/** What an ONNX file offers as features: `vitune inspect FILE.onnx --json` prints it. */
/** What `inspect` finds in a model folder. */
export interface ModelInspection {
  type: 'model';
  family: string;
  blocks: number;
  /** The kinds of layers that a method can adapt, as its `targetModules` name them. */
  layers: string[];
}

export interface OnnxInspection {
  type: 'onnx';
  /** The tensor that is taken where `featureOutput` names none. */
  found: string;
  /** That one first, then the outputs and the last tensors. */
  tensors: string[];
}

/** The comparison of a saved or exported model with the one it was made of, on a few images. */
export interface Parity {
  /** How many images were compared. */
  pictures: number;
  /** Greatest difference of a probability that is not counted as a change. */
  tolerance: number;
  /** Greatest difference of a probability that was found. */
  largestDifference: number;
  /** Images, by path, whose likeliest label or whose probabilities changed. */
  changed: { picture: string; was: string; is: string; difference: number }[];
}

export type ExportFormat = 'peft' | 'transformers' | 'onnx';

/** Result of an export. */
export interface Exported {
  format: ExportFormat;
  /** Absolute path. */
  folder: string;
  /** Names in it. */
  files: string[];
  parity: Parity;
}

/** One method's line in a comparison. */
export interface ComparisonRow {
  method: string;
  /** Its run folder. */
  run: string;
  trainableParameters?: number;
  totalParameters?: number;
  /** See `finished`. */
  peakMemoryBytes?: number;
  /** From the decoded images to the last evaluation. */
  seconds?: number;
  /** Of the best checkpoint: on the test images where the dataset has such, else on the validation images. */
  accuracy?: number;
  split?: SplitName;
  /** Why the method could not be trained. */
  error?: ErrorInfo;
}

/** The methods compared on one dataset, split and seed: `compare.json`. */
export interface Comparison {
  format: 1;
  /** Absolute path. */
  dataset: string;
  /** What was set beside the method, `KEY=VALUE` each. */
  settings: string[];
  /** The methods asked for; those without a row are still to come. */
  methods: string[];
  rows: ComparisonRow[];
}

/** What `vitune download --json` prints at its end, after `progress` events of the phase `download`. */
export interface Download {
  type: 'downloaded';
  kind: 'model' | 'dataset';
  id: string;
  /** The commit that the revision is. */
  revision: string;
  /** Absolute path in the cache: of the model, or of the folder with the classes or splits. */
  folder: string;
  files: number;
  bytes: number;
}

/** A model of the hub that lies in the cache: `vitune download --list --json` prints a `CachedModels`. */
export interface CachedModel {
  id: string;
  /** Absolute path of its folder, or of its ONNX file. */
  folder: string;
}

export interface CachedModels {
  type: 'cached';
  models: CachedModel[];
}

/** A time, and how many times were added up. */
export interface ProfileRow {
  name: string;
  seconds: number;
  count: number;
}

/** What `vitune train --profile --json` prints after the run's last event. */
export interface ProfileReport {
  type: 'profile';
  /** Absolute path of a Chrome trace with all that was measured. */
  file: string;
  /**
   * The whole run by stage, in order: what of each is not of another within it. `augment` is of other threads, beside
   * the rest.
   */
  stages: ProfileRow[];
  /**
   * The kernels of the first runs of each graph, greatest first: by graph and pass, by part of the network, by ONNX
   * operator.
   */
  passes: ProfileRow[];
  parts: ProfileRow[];
  ops: ProfileRow[];
}

/** What a run is about: `run.json` in the run folder, written at its start. */
export interface RunInfo {
  name: string;
  /** Absolute path of the config file it was started from. */
  config: string;
  createdAt: number;
  /** What `--set` changed of the config (`KEY=VALUE` each), which a resume holds to. */
  overrides?: string[];
}
