/** The figures of an evaluation, and how two of them compare. */
import type { Coverage } from './coverage.js';
import type { Interval } from './interval.js';
import type { ExtraFigures } from './metrics.js';
import type { PairedTest } from './pairedTest.js';
import type { ClassFigures } from './trainEvent.js';

export interface TaskEvaluation extends ExtraFigures {
  accuracy: number;
  loss: number;
  labels: string[];
  perClass: ClassFigures[];
  /** `confusion[truth][prediction]`, counts, in the order of `labels`; empty of a multi-label task. */
  confusion: number[][];
  /** Wilson's interval of 95 % of the accuracy. */
  interval: Interval;
  /** Expected calibration error of the probabilities that are shown, 0 to 1. */
  ece: number;
}

/**
 * With several tasks, `accuracy` is their mean and `loss` their sum; the rest is the first task's, and `tasks` has each
 * task's.
 */
export interface Evaluation extends TaskEvaluation {
  tasks?: ({ task: string } & TaskEvaluation)[];
}

/** An evaluation that says which images its figures cover. */
export interface CoveredEvaluation extends Evaluation {
  coverage: Coverage;
  /** How many of the images are unlike the training images, where the checkpoint can tell. */
  unknown?: number;
}

/** `vitune evaluate --against`: the model that was evaluated, compared with another on the same images. */
export interface ModelComparison extends PairedTest {
  /** Absolute path of the other's checkpoint. */
  against: string;
}
