/** Why a model answers as it does: how much each place of an image counts for a class, and what it looks like. */

/** A training image that is much like another image to the model. */
export interface SimilarImage {
  /** Absolute path. */
  path: string;
  label: string;
  /** Cosine of the features, at most 1. */
  similarity: number;
}

export interface Explanation {
  /** Absolute path of the image. */
  path: string;
  /** The class that it is about, and its calibrated probability. */
  label: string;
  probability: number;
  /**
   * `attention`: gradient-weighted attention through the network; `occlusion`: how much probability a place takes away
   * when it is covered, for networks without attention.
   */
  method: 'attention' | 'occlusion';
  rows: number;
  columns: number;
  /** How much each place counts, row by row: 0 to 1, of which the greatest is 1; all 0 where nothing counts. */
  values: number[];
  /** What the model saw of the upright image, in shares of its width and height; below 0 or above 1 in a border. */
  seen: { left: number; top: number; width: number; height: number };
  /** The nearest first. Empty where the checkpoint does not know its training images, or these are gone. */
  similar: SimilarImage[];
  /** Why `similar` is empty: `export` is an exported model, which has no training images with it. */
  missing?: 'calibration' | 'images' | 'export';
}
