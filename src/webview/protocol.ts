/**
 * The webviews' DOOR: the messages between the extension host and each view. Types only.
 *
 * The page (created by the host, the same for every view):
 *
 * <html lang="${vscode.env.language}"> <head> <meta http-equiv="Content-Security-Policy" content="default-src 'none';
 * script-src 'nonce-${nonce}'; style-src ${cspSource} 'nonce-${nonce}'; img-src ${cspSource} data: blob:"> <meta
 * property="csp-nonce" content="${nonce}"> (the toolkit tries out `:focus-visible` in a style element of that nonce)
 * <link rel="stylesheet" href="dist/webview/<view>.css" (as webview URI)> </head> <body data-view="<view>"> <main
 * id="view"></main> <script nonce="${nonce}" src="dist/webview/<view>.js" (as webview URI)></script> </body>
 *
 * with <view> one of `ViewName`; `localResourceRoots`: `dist/webview`, and for the image editor the image's folder.
 * `'unsafe-inline'` is not needed.
 *
 * The life of a view:
 * 1. The script runs and posts `{ type: 'ready' }`. A view that was hidden, moved or reloaded starts again and posts it
 * again.
 * 2. The host answers every `ready` with one `init`, which holds ALL the view needs to show the present state.
 * 3. The view renders and sets `data-ready` on `<body>`.
 * 4. From then on the host sends changes. A view keeps nothing that the host does not know, except what is being typed
 * and presentation (scroll, zoom, smoothing, open sections), which it keeps itself through `setState`. The dashboard
 * keeps `{ run: folder }` there too (`KeptByDashboard`), so that a WebviewPanelSerializer knows whose panel it gets
 * back.
 *
 * Strings: views take their own words through `@vscode/l10n`, from the bundle in `init` (`vscode.l10n.bundle`;
 * undefined is English). Strings inside messages (names, errors, notices) arrive localised and are shown as they are.
 */
import type { TaskCalibration } from '../shared/calibration.js';
import type { DiagnosisCode } from '../shared/diagnoses.js';
import type { RunProgress } from '../shared/runProgress.js';
import type { Comparison, DeviceName, ErrorInfo, Phase, RecordedEvent } from '../trainer/protocol.js';
import type { ImageQuery } from './imageGrid/messages.js';
import type { FromAnyView, Init, Patch } from './messages.js';
import type { FromPlan, PlanState } from './trainPanel/planMessages.js';

export type * from './datasetMap/messages.js';
export type * from './imageEditor/messages.js';
export type * from './imageGrid/messages.js';
export type * from './messages.js';
export type * from './trainPanel/planMessages.js';

export type ViewName =
  'trainPanel' | 'dashboard' | 'comparison' | 'imageEditor' | 'imageGrid' | 'datasetMap' | 'report';

/**
 * The status of a run. `interrupted`: its trainer ended without an end event (killed, power loss); `failed`: its last
 * event is an error; `damaged`: its files cannot be read. `starting` lasts from the start command to the `started`
 * event, `stopping` from the stop command to the `stopped` event.
 */
export type RunStatus =
  'starting' | 'running' | 'stopping' | 'stopped' | 'finished' | 'failed' | 'interrupted' | 'damaged';

// --- training panel (sidebar) -----------------------------------------------------------------------------------

/** A fine-tuning method by its name in the config's schema, e.g. `lora`. */
export type MethodName = string;

/**
 * The form's values under the names of the config schema: written unchanged into a `*.vitune.json`. A missing key means
 * the schema's default.
 */
export interface TrainForm {
  /** Absolute folder. */
  dataset?: string;
  /** `embedded`, an absolute folder or ONNX file, or a hub id. */
  model?: string;
  /** Of an ONNX file; left out: found. */
  featureOutput?: string;
  init?: 'pretrained' | 'random';
  method: MethodForm;
  device?: 'auto' | DeviceName;
  /** Only what is switched off is written: `randomResizedCrop: false`, `horizontalFlip: 0`. */
  augmentation?: { randomResizedCrop?: false; horizontalFlip?: 0 };
  /** Keys of `TrainPanelState.options`. */
  [option: string]: unknown;
}

/** A method with those of its options that are not the schema's default. */
export interface MethodForm {
  type: MethodName;
  [option: string]: unknown;
}

/** What a number may be; the words are JSON Schema's, so that the host can take them from the config's schema. */
export interface NumberRule {
  integer: boolean;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  /** Shown as the placeholder of an empty field. */
  default?: number;
}

/** An option of a method, or of the whole config, as the config's schema describes it. */
export type MethodOption = {
  key: string;
  label: string;
  /** Its explanation. */
  title: string;
  /** Whether it is folded away until it is set, since few users need it. */
  isFolded: boolean;
  /** Shown in an empty field without a default. */
  empty?: string;
  /** Whether it is hidden for a method that takes no steps. */
  needsTraining?: boolean;
  /** Whether it is shown only where a head is solved for. */
  needsRidge?: boolean;
} & (
  | { kind: 'number'; rule: NumberRule }
  | { kind: 'check'; default: boolean }
  /** `details` say what each of `values` is. */
  | { kind: 'choice'; values: string[]; details?: string[]; default?: string }
  /** Several words or whole numbers, typed with commas between them. */
  | { kind: 'list'; of: 'word' | 'integer' }
  /** Several of `TrainPanelState.targetModules`. */
  | { kind: 'modules'; default: string[] }
);

/** An option of the whole config. */
export type FormOption = MethodOption & {
  needsTraining: boolean;
};

export interface MethodChoice {
  type: MethodName;
  /** What the method costs and gives, in a sentence. */
  tradeOff: string;
  /** What the learning rate is where the form leaves it out, in words; empty: the method trains nothing. */
  learningRate: string;
  options: MethodOption[];
}

export interface DatasetChoice {
  /** Absolute folder; the value in `TrainForm.dataset`. */
  folder: string;
  name: string;
  /** Absent until it was inspected. */
  inspection?: { classes: number; images: number; problems: number };
  /** The folder cannot be used at all. */
  error?: ErrorInfo;
  /** The error is no more than that its images have no classes yet, or one. */
  lacksClasses?: true;
}

export interface ModelChoice {
  /** The value in `TrainForm.model`. */
  value: string;
  name: string;
  /** One line below the list when chosen, e.g. `ViT-Ti/16 at 64 px, 5.5 M parameters`. */
  detail?: string;
  /** Of its tokens, where it is known: default learning rates depend on it. */
  width?: number;
  /** False: there are no pretrained weights to start from (only `init: 'random'` is possible). Default true. */
  pretrained?: boolean;
  /**
   * It is an ONNX file, which stays frozen: the tensor that serves as features if none is named, and those that can be.
   * Both are known only after a while.
   */
  onnx?: { found?: string; tensors: string[] };
}

export interface DeviceChoice {
  value: 'auto' | DeviceName;
  /** Its hardware name where known, e.g. `NVIDIA GeForce RTX 4070`. */
  detail?: string;
  /** Why it cannot be used here; it is then shown disabled with these words. */
  unavailable?: string;
}

/** The run that the panel follows, reduced from its events by the host. */
export interface RunSummary {
  /** Absolute run folder: names the run in every message. */
  folder: string;
  name: string;
  status: RunStatus;
  /** A checkpoint to continue from exists and no trainer is at work on the run. */
  resumable: boolean;
  device?: DeviceName;
  /** What is going on before and between steps; null while steps are taken. `total` below 2: an indeterminate bar. */
  activity: { phase: Phase; done: number; total: number } | null;
  /** Fractional, as in step events. */
  epoch: number;
  epochs: number;
  step: number;
  steps: number;
  loss?: number;
  imagesPerSecond?: number;
  /** Of the last validation, 0 to 1. */
  accuracy?: number;
  best?: { step: number; accuracy: number };
  secondsLeft?: number;
  /** Whole duration, once finished. */
  seconds?: number;
}

export interface TrainPanelState {
  form: TrainForm;
  datasets: DatasetChoice[];
  models: ModelChoice[];
  devices: DeviceChoice[];
  /** Names that LoRA may adapt in the chosen model, e.g. `query`, `key`, `value`. */
  targetModules: string[];
  /** The numbers and choices of the whole config that the form shows. */
  options: FormOption[];
  /** In the order in which they are offered. */
  methods: MethodChoice[];
  /** The runs that trainers work on, and those that ended while this window was open; the newest first. */
  runs: RunSummary[];
  /** The last error, of the run or of an attempt to start one; null once a new start was accepted. */
  error: ErrorInfo | null;
  /** Something the user should know that is not an error, e.g. a device fallback; null: nothing. */
  notice: { message: string; remedy?: string } | null;
  /** The newest run on the form's dataset, and what changed in that since, in words; null: nothing. */
  changed: { run: string; name: string; words: string } | null;
  plan: PlanState;
}

/** A `patch` with `form` replaces all the inputs, so the host sends it only when the host itself changed the form. */
export type ToTrainPanel = Init<TrainPanelState> | Patch<TrainPanelState>;

export type FromTrainPanel =
  | FromAnyView
  | FromPlan
  /** The user changed the form and it is valid: the host keeps it for the next `init`. */
  | { type: 'form'; form: TrainForm }
  /** Ask for a folder; the host then patches `datasets` and `form` (with it chosen). */
  | { type: 'addDataset' }
  /** Ask for a model folder; the host then patches `models` and `form`. */
  | { type: 'addModel' }
  /** Ask for an ONNX file; the host then patches `models` and `form`. */
  | { type: 'addOnnxModel' }
  /** Ask for a model of the hub and download it; the host then patches `models` and `form`. */
  | { type: 'downloadModel' }
  /** Show recommended models; the host then patches `models` and `form` with the one that is chosen. */
  | { type: 'recommendedModels' }
  /** Show what `inspect` found wrong with a dataset. */
  | { type: 'showProblems'; dataset: string }
  | { type: 'groupImages'; dataset: string }
  /** Sent only with a valid form that has a dataset. */
  | { type: 'start'; form: TrainForm }
  | { type: 'stop'; run: string }
  | { type: 'resume'; run: string }
  /** Ask how, and train as this run was trained. */
  | { type: 'trainAgain'; run: string }
  | { type: 'openDashboard'; run: string }
  | { type: 'saveConfig'; form: TrainForm }
  /** Close the error or the notice. */
  | { type: 'dismiss'; what: 'error' | 'notice' }
  /** Close the card of a run that has ended. */
  | { type: 'dismissRun'; run: string };

// --- dashboard (editor panel of one run) ------------------------------------------------------------------------

/** A checkpoint that lies on disk now. */
export interface CheckpointRow {
  step: number;
  /** Absolute folder. */
  path: string;
  best: boolean;
  last: boolean;
  /** It is the one that classifies at present. */
  active: boolean;
  /** Milliseconds since 1970. */
  savedAt: number;
}

/** What has happened in a run so far. */
export interface DashboardHistory {
  /**
   * All events but the steps, in the order of `seq`, and the last step. A resumed run may take some steps again: the
   * view keeps the later. Of the evaluations only those that may be shown in full have their confusion matrix.
   */
  events: RecordedEvent[];
  /** The steps before the last, packed, in base64: see `shared/packedSteps.ts`. */
  steps: string;
  /** What all of them amount to: a view takes as long to reduce them again as to draw them. */
  progress: RunProgress;
}

export interface DashboardState {
  run: { folder: string; name: string; config: string; createdAt: number };
  status: RunStatus;
  /** See `RunSummary`. */
  resumable: boolean;
  checkpoints: CheckpointRow[];
  /** Whether it can be trained again and compared. */
  isTrained: boolean;
  /** Of its best checkpoint, where the run has ended; `missing`: it can be computed. Null: its events may have it. */
  calibrated: { tasks: TaskCalibration[]; tellsUnknown: boolean } | 'missing' | null;
  /** The earlier run that it was trained again from, if there is one. */
  again: { folder: string; name: string } | null;
  /** What changed in its dataset since, in words; null: nothing, or nobody knows. */
  changed: string | null;
  /**
   * A `DashboardHistory` as JSON: on its way through the editor's frames a text is copied at once, and a matrix number
   * by number in each of them.
   */
  history: string;
}

export type ToDashboard =
  | Init<DashboardState>
  /** Everything but what has happened, which only `init` and `events` bring. */
  | Patch<Omit<DashboardState, 'history'>>
  /** New events; gather them to at most about ten messages a second. Those with a `seq` already seen are dropped. */
  | { type: 'events'; events: RecordedEvent[] };

/** What `deserializeWebviewPanel` is given as the state of a dashboard. */
export interface KeptByDashboard {
  run: string;
}

export type FromDashboard =
  | FromAnyView
  | { type: 'stop'; run: string }
  | { type: 'resume'; run: string }
  /** Ask how, and train as this run was trained. */
  | { type: 'trainAgain'; run: string }
  /** Ask with which run, unless it is given, and show the page that compares both. */
  | { type: 'compareRuns'; run: string; earlier?: string }
  /** Compute the calibration of its best checkpoint. */
  | { type: 'calibrate'; run: string }
  | { type: 'openConfig'; file: string }
  /** Set the key of the config that mends what was found wrong with the run. */
  | { type: 'applyFix'; code: DiagnosisCode }
  | { type: 'revealRun'; run: string }
  | { type: 'useCheckpoint'; path: string }
  | { type: 'revealCheckpoint'; path: string }
  /** Show images of a split with the predictions of the checkpoint of this step, or of the best one. */
  | {
      type: 'showImages';
      split: 'validation' | 'test';
      step: number;
      title: string;
      task: string | null;
      query: Partial<ImageQuery>;
    };

// --- comparison of methods (editor panel of one comparison) -----------------------------------------------------

/** How far the method is that is being trained. */
export interface ComparisonWork {
  /** Undefined before the first has begun. */
  method?: MethodName;
  /** What is going on before and between steps; null while steps are taken. */
  phase: Phase | null;
  /** Of the phase or the training; `total` below 2: nobody knows. */
  done: number;
  total: number;
  /** The user requested a stop. */
  stopping: boolean;
}

export interface ComparisonState {
  /** Absolute folder: names the comparison in every message. */
  folder: string;
  /** Of the dataset. */
  name: string;
  comparison: Comparison;
  /** What this window does for it; null: nothing. */
  work: ComparisonWork | null;
}

export type ToComparison = Init<ComparisonState> | Patch<ComparisonState>;

/** What `deserializeWebviewPanel` is given as the state of a comparison. */
export interface KeptByComparison {
  comparison: string;
}

export type FromComparison =
  | FromAnyView
  /** Train what is still to come, and try again what failed. */
  | { type: 'continue' }
  | { type: 'stop' }
  /** Train each method with so many seeds. */
  | { type: 'repeat'; seeds: number }
  | { type: 'reveal' }
  /** Open the dashboard of a method's run. */
  | { type: 'openRun'; run: string }
  /** Show the training panel with the dataset and this method chosen. */
  | { type: 'train'; method: MethodName };

// --- report (editor panel of results) ---------------------------------------------------------------------------

/** A page of results as data: what a classification, an evaluation or an inspection found. Its words are localised. */
export interface Report {
  /** Of the tab; a later report of the same title takes its place. */
  title: string;
  heading: string;
  /** Lines below the heading. */
  lead: string[];
  /** What can be done with the whole. */
  links: { label: string; action: ReportAction }[];
  blocks: ReportBlock[];
}

/** What the host does for a report, beyond opening an image. */
export type ReportAction =
  | { type: 'trainDataset'; dataset: string }
  /** Show images of the evaluation that the report is about; `task` is null where there is only one. */
  | { type: 'showImages'; title: string; task: string | null; query: Partial<ImageQuery> }
  /** Show images of the cell of a confusion matrix. */
  | { type: 'showConfused'; task: string | null; truth: string; prediction: string }
  /** Show images of a list of two compared runs: whose answer changed, or that changed in the dataset. */
  | { type: 'showList'; list: 'flips' | 'changed'; title: string; task: string | null; query: Partial<ImageQuery> }
  /** Show the images of a dataset that have a label. */
  | { type: 'showClass'; dataset: string; label: string; task: string | null }
  /** Show all images of a dataset, or its map. */
  | { type: 'showDataset'; dataset: string }
  | { type: 'showMap'; dataset: string }
  /** Show the images that problems of this kind are about. */
  | { type: 'showProblems'; code: string; heading: string }
  /** Show the images of which an audit found this. */
  | { type: 'showFindings'; kind: string; heading: string };

export type ReportBlock =
  | { kind: 'table'; heading?: string; lead?: string; columns: ReportColumn[]; rows: ReportRow[] }
  | { kind: 'matrix'; heading: string; lead: string; task: string | null; labels: string[]; counts: number[][] }
  | { kind: 'problems'; heading: string; groups: ReportProblems[] }
  | { kind: 'curves'; heading: string; lead: string; charts: ReportChart[] };

/** Curves over epochs, at most as many as there are looks to tell them apart. */
export interface ReportChart {
  title: string;
  format: 'percent' | 'loss';
  series: { label: string; epochs: number[]; values: number[] }[];
}

/**
 * What the cells of a column are: words; the path of an image, shown with its name; a whole number; a figure with a
 * decimal; a share of 1 as a percentage, or as that with a bar; the same with the bounds of its interval; a difference
 * with its sign; an amount as a bar next to the greatest.
 */
export interface ReportColumn {
  /** Read out even where `isHidden`. */
  title: string;
  kind: 'name' | 'words' | 'quiet' | 'image' | 'count' | 'figure' | 'percent' | 'share' | 'range' | 'change' | 'bar';
  isHidden?: boolean;
}

export interface ReportRow {
  /** One for each column; null: there is none. */
  cells: (string | number | readonly [value: number, low: number, high: number] | null)[];
  /** What a click on its name does. */
  action?: ReportAction;
  /** Why there is nothing in the place of all cells but the first. */
  instead?: { message: string; remedy: string };
}

/** Problems of one kind: what is wrong, what to do, and the files. */
export interface ReportProblems {
  message: string;
  remedy: string;
  files: { path: string; /** As the user knows it, e.g. relative to the dataset. */ name: string; note?: string }[];
  /** Shows the images that they are about. */
  action?: ReportAction;
}

export interface ReportState {
  /** Names the report for a later window. */
  id: string;
  report: Report;
  /** The address of each image by its path. */
  images: Record<string, string>;
}

export type ToReport =
  | Init<ReportState>
  /** A preview of an image that the browser cannot draw, as a data URI; null: there is none. */
  | { type: 'preview'; path: string; src: string | null };

/** What `deserializeWebviewPanel` is given as the state of a report. */
export interface KeptByReport {
  report: string;
}

export type FromReport =
  | FromAnyView
  | { type: 'act'; action: ReportAction }
  | { type: 'openImage'; path: string }
  /** The browser cannot draw the image at this path: the host responds with a `preview`. */
  | { type: 'imageFailed'; path: string };
