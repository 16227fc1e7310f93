/** The trainer's DOOR: what goes into the trainer process and what comes out of it. Types only. */
import type { Audit, AuditProgress, CurveReport, Finding } from '../shared/auditOutput.js';
import type { MapPoint, MapReport } from '../shared/mapOutput.js';
import type { ImageGroup, ImageGroups, NextImage, NextImages, Suggestion, Suggestions } from '../shared/fromNothing.js';
import type { Explanation } from '../shared/explanation.js';
import type { Advice, Measurement } from '../shared/advice.js';
import type { TaskCalibration } from '../shared/calibration.js';
import type { Coverage } from '../shared/coverage.js';
import type { ConfigCheck, ModelInspection } from '../shared/configCheck.js';
import type { Comparison, ComparisonRow } from '../shared/comparison.js';
import type { DatasetChanges } from '../shared/datasetChanges.js';
import type { Diff } from '../shared/diffWords.js';
import type { Diagnosis } from '../shared/diagnoses.js';
import type { ErrorInfo } from '../shared/errorInfo.js';
import type { CoveredEvaluation, ModelComparison } from '../shared/evaluation.js';
import type { Estimate } from '../shared/estimate.js';
import type { ExportFormat } from '../shared/exportFormats.js';
import type { Precision, PrecisionFigures } from '../shared/precisions.js';
import type { CellChange, ImageChange, ImagePlan, Move, ShownImage } from '../shared/imageChange.js';
import type { ImageColumn } from '../shared/imageList.js';
import type { DeviceName, Parity, Phase, SplitName, Task, TrainEvent } from '../shared/trainEvent.js';

export type {
  ConfigCheck,
  ConfigDefault,
  ConfigEdit,
  ConfigFix,
  ConfigProblem,
  ModelInspection,
} from '../shared/configCheck.js';
export type { Comparison, ComparisonRow } from '../shared/comparison.js';
export type { Coverage } from '../shared/coverage.js';
export type { Advice, Measurement } from '../shared/advice.js';
export type { Diff, DiffCounts } from '../shared/diffWords.js';
export type {
  AuditProgress,
  ImageFault,
  ShortcutProperty,
  Finding,
  FindingKind,
  CurveReport,
  Audit,
} from '../shared/auditOutput.js';
export type { MapPoint, MapReport } from '../shared/mapOutput.js';
export type { ImageGroup, NextImage, Suggestion } from '../shared/fromNothing.js';
export type { ErrorInfo } from '../shared/errorInfo.js';
export type { CoveredEvaluation, Evaluation, ModelComparison, TaskEvaluation } from '../shared/evaluation.js';
export type { Estimate, Resource } from '../shared/estimate.js';
export type { ExportFormat } from '../shared/exportFormats.js';
export type { Precision, PrecisionFigures } from '../shared/precisions.js';
export type { RunInfo, RunLock } from '../shared/runFolder.js';
export type {
  ClassFigures,
  DeviceName,
  Parity,
  Phase,
  RecordedEvent,
  SplitName,
  Task,
  TrainEvent,
} from '../shared/trainEvent.js';

/**
 * Every object that a command prints on stdout with `--json`, one a line, by the command's name. Each has a `type`.
 * A command that fails prints a `Failure` last.
 */
export interface CommandOutputs {
  /** The events of the run as they happen, without their number in the log; with `--dry-run` an estimate instead. */
  train:
    | (TrainEvent & { time: number })
    | DiagnosisReport
    | ProfileReport
    | EstimateProgress
    | ({ type: 'estimate' } & Estimate);
  classify: { type: 'classification' } & Classification;
  /** With `--list`, also how many images were evaluated; with `--against`, the comparison last. */
  evaluate:
    | EvaluatedImage
    | { type: 'progress'; phase: 'evaluate'; done: number; total: number }
    | ({ type: 'evaluation' } & CoveredEvaluation)
    | ({ type: 'comparison' } & ModelComparison);
  explain: { type: 'explanation' } & Explanation;
  /** The images whose answer changed, then the whole. */
  diff: Flip | { type: 'progress'; phase: 'evaluate'; done: number; total: number } | ({ type: 'diff' } & Diff);
  changes: {
    type: 'changes';
    run: string;
    /** A later run; without it the dataset as it is. */ later?: string;
  } & DatasetChanges;
  calibrate:
    { type: 'progress'; phase: 'evaluate'; done: number; total: number } | ({ type: 'calibrated' } & Calibrated);
  /** With `--background`, first what the file names say (`found`), then how many images were read, then the result. */
  inspect:
    | ({ type: 'found' | 'dataset' } & Inspection)
    | { type: 'progress'; phase: 'inspect'; done: number; total: number }
    | ModelInspection
    | OnnxInspection;
  check: ConfigCheck;
  /** Each as it ends. */
  test: TestResult;
  /** How far the audit is, then what it found, then the whole. */
  audit: AuditProgress | Finding | CurveReport | Audit;
  /** How far the map is, then, without `--list`, its points, then the whole. */
  map: AuditProgress | MapPoint | MapReport;
  /** How far it is, then each of what was found, then the whole. */
  group: AuditProgress | ImageGroup | ImageGroups;
  'label-next': AuditProgress | NextImage | NextImages;
  suggest: AuditProgress | Suggestion | Suggestions;
  /** How far it is, then what was measured of each model, then the advice. */
  advise: AuditProgress | EstimateProgress | ({ type: 'measurement' } & Measurement) | ({ type: 'advice' } & Advice);
  /** With `--ladder`, each precision as it is measured. */
  export: ExportProgress | ({ type: 'exported' } & Exported);
  compare:
    | (TrainEvent & { method: string })
    | ({ type: 'row' } & ComparisonRow)
    | ({ type: 'comparison'; folder: string } & Comparison);
  download: DownloadProgress | Download | CachedModels;
  models: ModelList;
  doctor: DoctorReport;
  cuda: DownloadProgress | CudaReport;
  cache: CacheReport;
  completion: { type: 'completion'; shell: string; script: string };
}

export type CommandName = keyof CommandOutputs;

/** Why a command failed. */
export type Failure = { type: 'error' } & ErrorInfo;

/** How far an estimate is: with what a training does before its first step, then with steps of a trial. */
export interface EstimateProgress {
  type: 'progress';
  phase: Phase | 'trial';
  done: number;
  total: number;
}

/** Sent to a running trainer over its socket. */
export type RunRequest = { type: 'stop' };

export interface Prediction {
  label: string;
  /** 0 to 1; calibrated where the checkpoint has a calibration. */
  probability: number;
  /** As the model itself gives it; absent in what an older version said. */
  rawProbability?: number;
  /** In a multi-label task: the probability from which on the label counts as predicted. */
  threshold?: number;
}

/** Whether an image is unlike all that the model was trained on. */
export interface UnknownAnswer {
  isUnknown: boolean;
  /** Greater for what is less known; above `threshold` it is unknown. */
  score: number;
  threshold: number;
  /** The labels of the nearest training images, the nearest first, each once. */
  nearest: string[];
  /** Of the validation images, the share that the threshold accepts, and of these the share that was answered right. */
  recall: number;
  precision: number;
}

/** The predictions of one image in each task, where there are several. */
export interface TaskPredictions {
  task: string;
  predictions: Prediction[];
}

/**
 * The predictions for one image, best first, or why there are none. In a multi-label task each label has its own
 * probability, and they do not sum to 1. With several tasks, `predictions` are the first task's and `tasks` has each
 * task's. `unknown` is absent where the checkpoint has no bank of training images.
 */
export type Classification =
  | { path: string; predictions: Prediction[]; tasks?: TaskPredictions[]; unknown?: UnknownAnswer }
  | { path: string; error: ErrorInfo };

/** Requests to and responses from the warm classification process (`main.js serve`), over the fork's IPC channel. */
export type ServeRequest =
  | { id: number; type: 'classify'; checkpoint: string; paths: string[]; top: number; accepted?: number | undefined }
  /** Explain the answer to an image for a class, by default the likeliest. */
  | { id: number; type: 'explain'; checkpoint: string; path: string; label?: string | undefined }
  /** A small preview of an image that an editor cannot draw itself: at most `side` pixels wide and high. */
  | { id: number; type: 'preview'; path: string; side: number }
  | { id: number; type: 'cancel'; request: number };
export type ServeResponse =
  | { id: number; type: 'classification'; result: Classification }
  | { id: number; type: 'explanation'; result: Explanation }
  /** `src` is a data URI. */
  | { id: number; type: 'preview'; src: string }
  /** What the model's files leave open, once when the checkpoint is opened. */
  | ({ id: number; type: 'notice' } & ErrorInfo)
  | { id: number; type: 'done' }
  | ({ id: number; type: 'error' } & ErrorInfo);

/** Why an image of a list stands out: an image with several marks has them all. */
export interface ImageMark {
  /** Absolute path. */
  path: string;
  message: string;
  /** Images with the same group belong together, such as an image and its duplicate. */
  group?: string;
}

/**
 * Requests to and responses from the process of images (`main.js images`), over the fork's IPC channel: it lists
 * datasets, looks files up, and makes thumbnails.
 */
export type ImagesRequest =
  /**
   * Write the list of the images of a dataset (see `shared/imageList.ts`) to `file`, with their labels, splits and
   * marks; `only`: of those with a mark.
   */
  | { id: number; type: 'list'; dataset: string; file: string; marks: ImageMark[]; only: boolean }
  /** The columns of a list that take longer: `size` and `date` of the files, or the order of the names. */
  | { id: number; type: 'columns'; file: string; of: 'files' | 'names' }
  | { id: number; type: 'thumbnail'; path: string }
  /** What a change of these images, or of all images of a class, would do. */
  | { id: number; type: 'plan'; dataset: string; change: ImageChange; images: ShownImage[] }
  /** Change cells of the label file; with `isAgain`, also below, what an ended process did counts as done. */
  | { id: number; type: 'cells'; dataset: string; file: string; cells: CellChange[]; isAgain?: boolean }
  /** Add images to the list of those that are left out, or take them from it. */
  | { id: number; type: 'exclude'; dataset: string; paths: string[]; isExcluded: boolean; isAgain?: boolean }
  /**
   * Bring a list up to date with the dataset on disk; `moves` say where images went, and with `grows` images that are
   * new are added.
   */
  | { id: number; type: 'refresh'; dataset: string; file: string; moves: Move[]; grows: boolean }
  | { id: number; type: 'cancel'; request: number };

export type ImagesResponse =
  | { id: number; type: 'progress'; done: number; total: number }
  | { id: number; type: 'listed'; images: number }
  | { id: number; type: 'columns'; columns: ImageColumn[] }
  /** A JPEG. */
  | { id: number; type: 'thumbnail'; jpeg: Uint8Array }
  | { id: number; type: 'plan'; plan: ImagePlan }
  /** The images for which it was written, and why it was not for others. */
  | { id: number; type: 'written'; done: string[]; left: ErrorInfo[] }
  | { id: number; type: 'refreshed'; isChanged: boolean }
  | ({ id: number; type: 'error' } & ErrorInfo);

/** An image that two models answer differently: `vitune diff --json` prints a line for each, of several tasks each. */
export interface Flip {
  type: 'flip';
  path: string;
  /** Labels: the answer of the first model, that of the second, and the right one. */
  was: string;
  is: string;
  truth: string;
  task?: string;
}

/**
 * An image of an evaluation with its prediction in each task that has one label an image: `vitune evaluate --pictures
 * --json` prints them before the result.
 */
export interface EvaluatedImage {
  type: 'picture';
  path: string;
  /** `loss` is the cross-entropy, in nats. */
  answers: { task: string; truth: string; prediction: Prediction; loss: number }[];
  /** Where the checkpoint has a bank of training images. */
  unknown?: UnknownAnswer;
}

/** What `vitune calibrate --json` prints: what was written into the checkpoint. */
export interface Calibrated {
  /** Absolute path. */
  checkpoint: string;
  tasks: TaskCalibration[];
  unknown?: { accepted: number; threshold: number; images: number };
}

/** Readable images of a label in each split. */
export interface LabelCount {
  label: string;
  train: number;
  validation: number;
  test: number;
}

/** The role of a column of a label file. */
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
  /** Whether the splits are the user's own (folders, or a column of the label file) or drawn by seed. */
  splits: 'folders' | 'seeded';
  /** The folder with the class folders of each split; undefined where a label file says what the labels are. */
  folders?: Partial<Record<SplitName, string>>;
  problems: ErrorInfo[];
  /** Where there is a label file: its columns, the tasks made of them, and the readable images in all. */
  columns?: LabelColumn[];
  tasks?: (Task & { counts: LabelCount[] })[];
  images?: Record<SplitName, number>;
}

/** The tensors of an ONNX file that can serve as features: `vitune inspect FILE.onnx --json` prints it. */
export interface OnnxInspection {
  type: 'onnx';
  /** The tensor that is used where `featureOutput` names none. */
  found: string;
  /** That one first, then the outputs and the last tensors. */
  tensors: string[];
}

/** A test of a model: `vitune test --json` prints one a line. */
export interface TestResult {
  type: 'test';
  /** E.g. `accuracy`, `classAccuracy.cat`; see `shared/testNames.ts`. */
  name: string;
  passed: boolean;
  /** What was found and what is wanted; of several lines. */
  message: string;
  /** Absolute paths of the images that made it fail, the most telling first. */
  images: string[];
}

export type ExportStage = 'open' | 'narrow' | 'write' | 'compare' | 'measure';

export interface ExportProgress {
  type: 'progress';
  stage: ExportStage;
  done: number;
  total: number;
}

/** Result of an export; one whose precision was chosen has its figures, and which images they are about. */
export interface Exported extends Partial<PrecisionFigures> {
  format: ExportFormat;
  precision?: Precision;
  /** Of all files. */
  bytes: number;
  coverage?: Coverage;
  /** Absolute path. */
  folder: string;
  /** Names in it. */
  files: string[];
  parity: Parity;
}

/** Bytes of a download. */
export interface DownloadProgress {
  type: 'progress';
  phase: 'download';
  done: number;
  total: number;
}

/** What `vitune download --json` prints at its end, after its progress. */
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
  /** Of a model by a branch or a tag: what its page on the hub states; null where it states none. */
  licence?: string | null;
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

/** A model to fine-tune: a recommended one, or another of the cache, of which only the folder is known. */
export interface ListedModel {
  /** `embedded`, or a name on the hub: what a config names as its model. */
  model: string;
  /** Number of parameters in the published file, and its size. */
  parameters?: number;
  bytes?: number;
  licence?: string;
  /** What it is for, in the language of the reader. */
  purpose?: string;
  /** Whether it can be trained without a download. */
  isHere: boolean;
  /** Absolute path of a downloaded one. */
  folder?: string;
}

/** What `vitune models --json` prints; `checked` is the day on which sizes and licences were looked up. */
export interface ModelList {
  type: 'models';
  checked: string;
  models: ListedModel[];
}

/** A device that works, with its speed, or why it does not work. */
export type DeviceReport =
  | {
      device: DeviceName;
      gigaflops: number;
      /** Why it does not support fp16; absent if it does. */
      noFp16?: string;
      /** Whether an engine that is meant for a graphics card found none, and computes on the CPU. */
      onCpu?: true;
    }
  | {
      device: DeviceName;
      reason: string;
      /** The error in full, where the engine has one of its own with a remedy. */
      error?: ErrorInfo;
      /** What the engine itself said. */
      detail?: string;
    };

/** What `vitune doctor --json` prints: the machine, its engines, and the devices of each. */
export interface DoctorReport {
  type: 'doctor';
  node: string;
  platform: string;
  cores: number;
  memoryBytes: number;
  /** Absolute path of the cache folder. */
  cache: string;
  engines: { engine: string; devices: ({ usable: boolean } & DeviceReport)[] }[];
}

/** What `vitune cuda --json` prints at its end: ONNX Runtime's part for CUDA, after what was done. */
export interface CudaReport {
  type: 'cuda';
  installed: boolean;
  /** Absolute path of the libraries, where they are installed. */
  folder?: string;
  /** Bytes to download, and bytes that then stay on the disk. */
  downloadBytes: number;
  diskBytes: number;
  cards: { name: string; driver: string }[];
  /** Why it cannot be used here, whether or not it is installed. */
  refusal?: ErrorInfo;
}

/** What `vitune cache --json` prints: bytes of decoded images and of features, and how many there may be. */
export interface CacheReport {
  type: 'cache';
  folder: string;
  pictures: number;
  features: number;
  pictureLimit: number;
  featureLimit: number;
  /** Bytes that `--clear` removed. */
  cleared?: number;
}

/** What `vitune train --json` prints of a diagnosis, after the event that it was found by; it is not in the log. */
export type DiagnosisReport = { type: 'diagnosis' } & Diagnosis & { message: string; remedy: string };

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
   * The whole run by stage, in order, each without the stages within it. `augment` runs on other threads at the same
   * time.
   */
  stages: ProfileRow[];
  /**
   * The kernels of the first runs of each graph, longest first: by graph and pass, by part of the network, by ONNX
   * operator.
   */
  passes: ProfileRow[];
  parts: ProfileRow[];
  ops: ProfileRow[];
}
