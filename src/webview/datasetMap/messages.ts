/** The messages between the map of a dataset and the host. Types only; `protocol.ts` is the door. */
import type { ErrorInfo } from '../../trainer/protocol.js';
import type { FromAnyView, Init } from '../messages.js';

export interface DatasetMapState {
  /** Names the map for a later window. */
  id: string;
  heading: string;
  /** Lines below the heading. */
  lead: string[];
  /** The bytes of an `ImageList` with the columns `x` and `y`; images are named by their rows in it. */
  list: ArrayBuffer;
}

export type ToDatasetMap =
  | Init<DatasetMapState>
  /** The thumbnail of an image as a data URI, or why there is none. */
  | { type: 'thumbnail'; row: number; src: string }
  | { type: 'thumbnail'; row: number; error: ErrorInfo };

/** What `deserializeWebviewPanel` is given as the state of a map. */
export interface KeptByDatasetMap {
  map: string;
}

export type FromDatasetMap =
  | FromAnyView
  /** The images whose thumbnails are missing; earlier wishes are dropped. */
  | { type: 'want'; rows: number[] }
  /** Open an image with its predictions. */
  | { type: 'open'; row: number }
  /** Show these images as a grid. */
  | { type: 'grid'; rows: Uint32Array };
