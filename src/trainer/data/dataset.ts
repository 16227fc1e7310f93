/** A dataset as found by a scan, and the options of a scan. */
import { dirname, resolve } from 'node:path';
import type { ErrorInfo, LabelColumn, SplitName, Task } from '../protocol.js';

import type { Samples } from './samples.js';
import { type LabelColumns } from './columnTasks.js';

export interface Dataset {
  root: string;
  /** Of the first task. */
  labels: string[];
  /** What there is to learn: one task from class folders, as many as columns from a label file. */
  tasks: Task[];
  splits: Record<SplitName, Samples>;
  /** Whether the validation split is the user's own or was drawn from the seed. */
  splitOrigin: 'folders' | 'seeded';
  /** The folder with the class folders of each split; undefined where a label file says what the labels are. */
  folders?: Partial<Record<SplitName, string>>;
  problems: ErrorInfo[];
  /** The label file that says what the labels are, and its columns. */
  labelFile?: string;
  columns?: LabelColumn[];
  /** What the column `ScanOptions.groupColumn` says of each image, by its path. */
  groups?: ReadonlyMap<string, string>;
}

export interface SplitSpec {
  train: string;
  validation?: string | undefined;
  test?: string | undefined;
}

/**
 * A folder (`class/…` or `train|validation|val|valid|test/class/…`, or with a `labels.csv` and no class folders), a
 * label file, one folder of classes for each split, or a folder and how its label file is to be read.
 */
export type DatasetSpec = string | SplitSpec | LabelFileSpec;

/** `Dataset.root` of what a scan of it finds. */
export function rootOf(spec: DatasetSpec): string {
  if (typeof spec === 'string') return resolve(/\.csv$/i.test(spec) ? dirname(spec) : spec);
  return resolve('folder' in spec ? spec.folder : spec.train);
}

export interface ScanOptions {
  /** Share of each class that goes to validation where there is no validation folder; 0 for none. */
  validationSplit: number;
  seed: number;
  signal?: AbortSignal | undefined;
  /** A column of the label file whose values are wanted, by its name. */
  groupColumn?: string | undefined;
  /**
   * What an existing model was trained on, which the dataset must keep to: a class unknown to it is an error, and
   * classes may be missing. With `validationSplit: 0` a dataset without splits is then all `test`, since it is there to
   * be evaluated on.
   */
  tasks?: readonly Task[] | undefined;
}

export interface LabelFileSpec extends LabelColumns {
  folder: string;
  /** The CSV file, relative to the folder. */
  labels?: string | undefined;
  /** The column with the images' paths, relative to the folder. */
  image?: string | undefined;
  /** The column with the names of the splits. */
  split?: string | undefined;
}
