/** What a user changes of the images of a dataset on disk, and what the trainer plans for it. */
import type { ErrorInfo } from './errorInfo.js';
import type { SplitName } from './trainEvent.js';

export type ImageChange =
  /** To a class that is there, or to a new one. */
  | { kind: 'class'; label: string }
  /** Each to the class of its own number in the images that are changed. */
  | { kind: 'classes'; labels: string[] }
  | { kind: 'split'; split: SplitName }
  | { kind: 'exclude' }
  | { kind: 'trash' }
  /** All images of a class, to a name of no class or to another class, into which it is merged. */
  | { kind: 'renameClass'; label: string; to: string }
  /** Of class folders to the trash; those of a label file are excluded. */
  | { kind: 'deleteClass'; label: string };

/** An image as a grid shows it: where the disk says something else, it is not changed. */
export interface ShownImage {
  path: string;
  label?: string | undefined;
}

export interface Move {
  from: string;
  to: string;
}

/** A cell of a label file as it is written there, quotes included. */
export interface CellChange {
  /** The image of the row. */
  path: string;
  column: string;
  before: string;
  after: string;
}

export interface ImagePlan {
  /** Files, or folders of classes. Nothing is at a `to` yet. */
  moves: Move[];
  cells: CellChange[];
  /** The text file that the cells or the excluded images are written to. */
  file?: string;
  exclude: string[];
  trash: string[];
  /** Folders that no image of the dataset is left in, the innermost first. */
  emptied: string[];
  /** Images that change. */
  images: number;
  /** Images that get a number in their name, since their name is taken. */
  numbered: number;
  /** Whether the validation images were drawn by seed so far, and are named from then on. */
  endsDraw: boolean;
  /** Images that are left as they are, and why. */
  left: ErrorInfo[];
}
