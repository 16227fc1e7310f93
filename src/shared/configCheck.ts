/** What `vitune check --json` prints of a config: its faults with what mends them, and what it comes to. */
import type { ErrorInfo } from './errorInfo.js';
import type { SplitName, Task } from './trainEvent.js';

/** What `vitune inspect FOLDER --json` prints of a model. */
export interface ModelInspection {
  type: 'model';
  family: string;
  blocks: number;
  /** Numbers a token, and the side of its images in pixels. */
  width: number;
  imageSize: number;
  /** The kinds of layers that a method can adapt, as its `targetModules` name them. */
  layers: string[];
}

/** A change of a config's text. */
export interface ConfigEdit {
  /** Keys from the root; a place in a list is its index. */
  path: (string | number)[];
  /** The key gets this name. */
  name?: string;
  /** The key gets this value; without a value and a name it is removed. */
  value?: unknown;
}

/** What mends a fault of a config, by a click. */
export interface ConfigFix {
  title: string;
  edits: ConfigEdit[];
}

/** What is wrong in a config, at its place there, and what mends it: the likeliest first. */
export interface ConfigProblem extends ErrorInfo {
  fixes: ConfigFix[];
  /** Whether a training would go on all the same. */
  isWarning: boolean;
}

/** What a key means where the config does not say: a value, and perhaps why in this config. */
export interface ConfigDefault {
  value: unknown;
  reason?: string;
}

/**
 * What `vitune check --json` prints of a config: its faults, and what is known of it without reading an image or
 * computing anything. What a fault hides is absent.
 */
export interface ConfigCheck {
  type: 'check';
  problems: ConfigProblem[];
  /** The same of all trainings that compute the same: an estimate with this name is one of this config. */
  training?: string;
  /** Where it is on this machine. */
  model?: ModelInspection;
  dataset?: {
    /** Names the dataset, as advice on it does. */
    name: string;
    /** By the names of the files. */
    images: Record<SplitName, number>;
    tasks: Task[];
  };
  /** Of a dataset with a label file, also of one that cannot be used as the config says. */
  columns?: string[];
  /** The steps of the training; absent where the batch size is found by a trial. */
  plan?: { steps: number; stepsPerEpoch: number; evaluations: number; checkpoints: number; batchSize: number };
  /** By the path of the key, e.g. `method.rank`. */
  defaults: Record<string, ConfigDefault>;
}
