/** What `vitune audit --json` prints: how far it is, what it found, and the whole. */
import type { SplitName } from './trainEvent.js';

/** What an audit is at: reading the images, computing their features, or comparing these; a map then places them. */
export interface AuditProgress {
  type: 'progress';
  phase: 'look' | 'features' | 'compare' | 'place';
  done: number;
  total: number;
}

/**
 * How an image is odd in itself, and what its `score` then is: of an outlier how many robust deviations its distance to
 * the others is above the usual one, of one that hardly shows anything (constant) its contrast, 0 to 0.5, of a blurred
 * one its sharpness as a share of the median, of a tiny one its shorter side in pixels, and of a stretched one its
 * longer side divided by the shorter.
 */
export type ImageFault = 'outlier' | 'constant' | 'blurred' | 'tiny' | 'stretched';

/** What of a file, other than what it shows, may give its label away. */
export type ShortcutProperty =
  'width' | 'height' | 'shape' | 'format' | 'brightness' | 'contrast' | 'sharpness' | 'border' | 'camera';

/** Something that an audit found; paths are absolute. `vitune audit --json` prints one a line. */
export type Finding = { type: 'finding' } & (
  | {
      kind: 'label-error';
      path: string;
      given: string;
      suggested: string;
      /** 1 − the probability of the given label, by a head that was not trained on the image. */
      confidence: number;
    }
  | {
      /** `leakage` is either of the others, or a burst, in more than one split. */
      kind: 'duplicate' | 'near-duplicate' | 'burst' | 'leakage';
      paths: string[];
      /** Of each path. */
      splits: SplitName[];
      /** The least cosine of the features of two of them that follow each other, 1 for the same bytes. */
      similarity: number;
    }
  | { kind: ImageFault; path: string; score: number }
  /** How often the property alone is right about the label, and how often the largest class is. */
  | { kind: 'shortcut'; property: ShortcutProperty; accuracy: number; baseline: number }
  | { kind: 'imbalance'; labels: [largest: string, smallest: string]; images: [number, number] }
  | { kind: 'tiny-class'; label: string; images: number }
  /** `accuracy` is that of a choice between the two; a coin has 0.5. */
  | { kind: 'inseparable'; labels: [string, string]; accuracy: number }
);

export type FindingKind = Finding['kind'];

/** Accuracy by the number of images trained on, and what twice as many images are expected to add to it. */
export interface CurveReport {
  type: 'curve';
  points: { images: number; accuracy: number }[];
  gain: number;
}

/**
 * The end of an audit. The accuracies are those of a linear head, in cross-validation; null where there is no label.
 */
export interface Audit {
  type: 'audit';
  /** Images that were read. */
  images: number;
  findings: Partial<Record<FindingKind, number>>;
  /** With images divided at random, and with those that belong together kept on one side. */
  accuracy: number | null;
  honestAccuracy: number | null;
}
