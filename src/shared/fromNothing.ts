/** What `vitune group`, `vitune label-next` and `vitune suggest` print with `--json`. Paths are absolute. */

/** A group of images that look alike, largest first. */
export interface ImageGroup {
  type: 'group';
  /** Counted from 1. */
  group: number;
  /** The nearest to the middle of the group, the nearest first. */
  typical: string[];
  /** All of them, the nearest to the middle first. */
  paths: string[];
}

/** The end of `vitune group`. */
export interface ImageGroups {
  type: 'groups';
  folder: string;
  /** Images that were grouped, and groups. */
  images: number;
  groups: number;
  /** Images that lie in class folders already, and are not grouped. */
  labelled: number;
  /** How well apart the groups lie: the mean silhouette of a sample, -1 to 1. */
  silhouette: number;
}

/** An image whose label would teach the most, the most first. */
export interface NextImage {
  type: 'next';
  path: string;
  /**
   * How much likelier the likeliest class is than the next, 0 to 1; null where fewer than two classes have images, so
   * that nothing is known yet.
   */
  margin: number | null;
}

/** The end of `vitune label-next`. */
export interface NextImages {
  type: 'ranked';
  folder: string;
  /** Images without a class, and those in class folders. */
  images: number;
  labelled: number;
  labels: string[];
}

/** What class an image without one probably has. */
export interface Suggestion {
  type: 'suggestion';
  path: string;
  /** Null: it is unlike all images that the classes were learnt from, and no class is suggested. */
  label: string | null;
  /** Probability of the likeliest class. */
  confidence: number;
}

/** The end of `vitune suggest`. */
export interface Suggestions {
  type: 'suggestions';
  folder: string;
  /** Images without a class: how many have a suggestion, and how many are unlike all that was learnt from. */
  suggested: number;
  unknown: number;
  labels: string[];
}
