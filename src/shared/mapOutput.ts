/** What `vitune map --json` prints: the points, and the whole. */
import type { MapFinding } from './mapFindings.js';
import type { SplitName } from './trainEvent.js';

/** An image on the map; its path is absolute. */
export interface MapPoint {
  type: 'point';
  path: string;
  /** The place; distances mean something between neighbours only. */
  x: number;
  y: number;
  split: SplitName;
  label?: string;
  /** By a linear head that was not trained on the image, with its probability. */
  prediction?: string;
  probability?: number;
  finding?: MapFinding;
}

/** The end of a map. */
export interface MapReport {
  type: 'map';
  images: number;
  /** Whether it had been made before. */
  isKept: boolean;
}
