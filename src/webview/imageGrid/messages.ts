/** The messages of the image grid, an editor panel of a list of images. Types only; `protocol.ts` is the door. */
import type { ImageColumn } from '../../shared/imageList.js';
import type { ErrorInfo } from '../../trainer/protocol.js';
import type { FromAnyView, Init } from '../messages.js';

/** Which images of a list are shown, and in which order. Columns are named by their `id`. */
export interface ImageQuery {
  /** A part of the file name; empty: any. */
  text: string;
  /** Images that have one of these words. */
  words: Record<string, string[]>;
  /** Images whose number lies in the range, its ends included. */
  ranges: Record<string, { from?: number; to?: number }>;
  /** Of images with a label and a prediction: those of which they differ, or are equal. */
  verdict: 'all' | 'wrong' | 'right';
  /** Null: the order of the list. */
  sort: { column: string; descending: boolean } | null;
}

export interface ImageGridState {
  /** Names the grid for a later window. */
  id: string;
  heading: string;
  /** Lines below the heading. */
  lead: string[];
  /** Of the whole list. */
  images: number;
  /**
   * The bytes of an `ImageList`; images are named by their rows in it. Where it has fewer images than `images` it is
   * the beginning of the list, to be seen while the whole is on its way.
   */
  list: ArrayBuffer;
  /** Of several tasks, whose labels and predictions are shown. */
  task: string | null;
  /** With what the grid begins. */
  query: Partial<ImageQuery>;
  /** Whether its images can be moved, excluded and so on: the dataset is known. */
  canChange: boolean;
  /** What is done with its images that have no class. */
  offers?: GridOffer | undefined;
}

/** To give all images of a group a class, or each the class that is predicted. */
export type GridOffer = 'nameGroup' | 'accept';

/** Columns of a list that are made on request: size and date of the files, or the order of their names. */
export type LateColumns = 'files' | 'names';

export type ToImageGrid =
  | Init<ImageGridState>
  /** The whole list, after its beginning. */
  | { type: 'list'; list: ArrayBuffer }
  /** The list as the disk is now: rows keep their numbers, and there may be more. */
  | { type: 'refreshed'; list: ArrayBuffer }
  | { type: 'refreshFailed'; error: ErrorInfo }
  /** The thumbnail of an image as a data URI, or why there is none. */
  | { type: 'thumbnail'; row: number; src: string }
  | { type: 'thumbnail'; row: number; error: ErrorInfo }
  | { type: 'columnsProgress'; of: LateColumns; done: number; total: number }
  | { type: 'columns'; of: LateColumns; columns: ImageColumn[] }
  | { type: 'columnsFailed'; of: LateColumns; error: ErrorInfo };

/** What `deserializeWebviewPanel` is given as the state of a grid. */
export interface KeptByImageGrid {
  grid: string;
}

/** What can be done with images. */
export type ImageAction =
  'open' | 'reveal' | 'copyPaths' | 'class' | 'newClass' | 'accept' | 'split' | 'exclude' | 'trash';

export type FromImageGrid =
  | FromAnyView
  /** The images whose thumbnails are missing, the most wanted first; earlier wishes are dropped. */
  | { type: 'want'; rows: number[] }
  | { type: 'columns'; of: LateColumns }
  | { type: 'dropColumns' }
  | { type: 'act'; action: ImageAction; rows: Uint32Array }
  /** Show the dataset of these images as a map. */
  | { type: 'map' }
  /** Take the last change of images back, or make it again. */
  | { type: 'step'; direction: 'undo' | 'redo' };
