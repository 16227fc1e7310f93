/**
 * The stages of a training run, told to whoever listens (`vitune train --profile`); where nobody does, nothing is
 * measured.
 */
import { channel } from 'node:diagnostics_channel';

/**
 * In the order in which they come first. But for those of `besideTraining` they follow one another or lie within one
 * another.
 */
export const stages = [
  'start',
  'model',
  'scan',
  'device',
  'cache',
  'batch',
  'features',
  'compile',
  'session',
  'wait',
  'step',
  'evaluate',
  'checkpoint',
  'check',
  'decode',
  'augment',
] as const;
export type Stage = (typeof stages)[number];

/** Of the threads that make batches: of images that have to be decoded, and of those that were. */
export const besideTraining: ReadonlySet<string> = new Set<Stage>(['decode', 'augment']);

/** A time spent on a stage, in milliseconds since the process began. */
export interface Span {
  stage: Stage;
  start: number;
  end: number;
}

export const spans = channel('vitune.stage');

/** Tells that a stage has begun at `start` and ends now. */
export function told(stage: Stage, start: number, end = performance.now()): void {
  if (spans.hasSubscribers) spans.publish({ stage, start, end } satisfies Span);
}

/** Runs the work of a stage. */
export async function timed<T>(stage: Stage, work: () => T | Promise<T>): Promise<T> {
  if (!spans.hasSubscribers) return work();
  const start = performance.now();
  try {
    return await work();
  } finally {
    told(stage, start);
  }
}
