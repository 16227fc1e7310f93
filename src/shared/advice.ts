/** What `vitune advise --json` prints: what was measured of each model, then the advice; and the limits of its rule. */
import type { Interval } from './interval.js';

/** Below so many training images no method was more accurate than a head by more than chance. */
export const fewImages = 400;
/** From this familiarity on a head leaves too little wrong for a longer training to gain more than a point or two. */
export const wellKnown = 0.9;

/** What the features of a model say of a dataset. */
export interface Measurement {
  /** As it was named. */
  model: string;
  /** Labelled images that could be read, of how many, and their classes. */
  images: number;
  ofImages: number;
  classes: number;
  /** The median of the images that a class has to train on. */
  imagesPerClass: number;
  /** Of a linear head on the features, in cross-validation, and Wilson's interval of 95 %. */
  accuracy: number;
  interval: Interval;
  /**
   * How well the model knows such images, 0 to 1: of what a guess of the largest class leaves wrong, the share that the
   * linear head gets right.
   */
  familiarity: number;
  /** Accuracy by the number of images trained on, and what twice as many are expected to add. */
  curve: { images: number; accuracy: number }[];
  gain: number;
}

export interface Advice {
  model: string;
  method: string;
  /** Further keys of a config. */
  settings: Record<string, unknown>;
  /** On images like these that the model has not seen. */
  expectedAccuracy: number;
  interval: Interval;
  /** Of a training as advised, on this machine; null where it is not known. */
  seconds: number | null;
  memoryBytes: number | null;
  /** In plain words, with the numbers behind them. */
  reasons: string[];
}
