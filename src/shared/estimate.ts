/** What a training will take on this machine: `vitune train --dry-run --json` prints it. */

/** The resources of a machine that a training may need more of than there is. */
export type Resource = 'memory' | 'disk';

export interface Estimate {
  /** Names what the training computes: `training` of a `ConfigCheck` of the same. */
  training: string;
  /** To the end of the run, if it does not stop early; null where no trial could be held. */
  seconds: number | null;
  /** To the first evaluation. */
  firstMetricSeconds: number | null;
  /** The most memory that the process will take, and what it may take on this machine. */
  memoryBytes: number;
  freeMemoryBytes: number;
  /** What run folder and caches will grow by, and what the disk that has less has free. */
  diskBytes: number;
  freeDiskBytes: number;
  /** Optimiser steps in the run, the images of each, and whether its activations are recomputed. */
  steps: number;
  batchSize: number;
  recomputes: boolean;
  device: string;
  /** Training images, and those of them and of the others that are still to be decoded or computed. */
  images: number;
  newImages: number;
  /** What there is too little of. */
  short: Resource[];
  /** Where something is short: settings that would fit, `KEY=VALUE` each, the one that changes least first. */
  settings: string[];
}
