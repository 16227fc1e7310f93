/**
 * `calibration.json` of a checkpoint: how sure its probabilities may be, and from where on an image is unknown to it.
 */
import { count, exactly, listOf, number, objectOf, oneOf, optional, text } from './schema.js';

/** The file in a checkpoint, and the one with the features of training images that it refers to. */
export const calibrationFiles = { calibration: 'calibration.json', bank: 'bank.safetensors' } as const;

/** One bar of a reliability diagram. */
export interface ReliabilityBin {
  images: number;
  /** Mean probability, and the share that was right; the middle of the bin and 0 where there are no images. */
  confidence: number;
  accuracy: number;
}

/** Before and after the logits are divided by the temperature. */
export interface BeforeAndAfter<Value> {
  before: Value;
  after: Value;
}

export interface CalibrationErrors extends BeforeAndAfter<number> {
  corrected?: BeforeAndAfter<number>;
}

/** Why a task has no temperature of its own. */
export type NotCalibrated = 'fewImages' | 'oneClass';

export interface TaskCalibration {
  task: string;
  /** Validation images that have a label for it. */
  images: number;
  /** Logits are divided by it; 1 where it is not known. */
  temperature: number;
  missing?: NotCalibrated;
  /** Expected calibration errors on the validation images, 0 to 1; `corrected` is without what chance adds. */
  ece?: CalibrationErrors;
  bins?: BeforeAndAfter<ReliabilityBin[]>;
  /** In a multi-label task: the probability from which on each label counts as predicted. */
  thresholds?: number[];
}

/** A figure of the validation images, by which one of another image is measured. */
export interface Spread {
  mean: number;
  deviation: number;
}

/**
 * An image is unknown where its score is above the threshold. The score is the sum of two figures, each less its mean
 * over the validation images and divided by their deviation: how far the nearest training images are, and how low the
 * energy of the logits is.
 */
export interface UnknownRule {
  threshold: number;
  /** The share of the validation images that the threshold was chosen to accept, 0 to 1. */
  accepted: number;
  /** How many of the nearest training images count. */
  neighbors: number;
  /** The label of each training image in the bank, counted through all tasks. */
  labels: number[];
  /** The path of each, below the folder of the dataset, with / on every system. */
  paths?: string[];
  distance: Spread;
  energy: Spread;
  /** The scores of validation images, ascending, and for each `1` where the model was right, else `0`. */
  scores: number[];
  right: string;
}

export interface Calibration {
  format: 1;
  /** SHA-256 of the weights that it was computed with, and of the bank. */
  model: string;
  bank?: string;
  tasks: TaskCalibration[];
  unknown?: UnknownRule;
}

/** Validation images below which nothing is fitted to them. */
export const fewestImages = 20;

const bins = listOf(objectOf<ReliabilityBin>({ images: count, confidence: number, accuracy: number }));
const spread = objectOf<Spread>({ mean: number, deviation: number });

export const taskCalibrationSchema = objectOf<TaskCalibration>({
  task: text,
  images: count,
  temperature: number,
  missing: optional(oneOf<NotCalibrated>({ fewImages: true, oneClass: true })),
  ece: optional(
    objectOf<CalibrationErrors>({
      before: number,
      after: number,
      corrected: optional(objectOf<BeforeAndAfter<number>>({ before: number, after: number })),
    }),
  ),
  bins: optional(objectOf<BeforeAndAfter<ReliabilityBin[]>>({ before: bins, after: bins })),
  thresholds: optional(listOf(number)),
});

export const unknownRuleSchema = objectOf<UnknownRule>({
  threshold: number,
  accepted: number,
  neighbors: count,
  labels: listOf(count),
  paths: optional(listOf(text)),
  distance: spread,
  energy: spread,
  scores: listOf(number),
  right: text,
});

export const calibrationSchema = objectOf<Calibration>({
  format: exactly(1),
  model: text,
  bank: optional(text),
  tasks: listOf(taskCalibrationSchema),
  unknown: optional(unknownRuleSchema),
});
