/**
 * The stages of a training run, published to subscribers (`vitune train --profile`). Without subscribers nothing is
 * measured.
 */
import { channel } from 'node:diagnostics_channel';

/**
 * In the order of their first occurrence. Except `parallelStages`, they are sequential or nested.
 */
export const stages = [
  'start',
  'model',
  'scan',
  'version',
  'device',
  'cache',
  'batch',
  'features',
  'compile',
  'session',
  'solve',
  'wait',
  'step',
  'evaluate',
  'checkpoint',
  'calibrate',
  'check',
  'decode',
  'augment',
] as const;
export type Stage = (typeof stages)[number];

/** Stages of the threads that make batches: decoding new images, and augmenting decoded ones. */
export const parallelStages: ReadonlySet<string> = new Set<Stage>(['decode', 'augment']);

/** The time spent on a stage, in milliseconds since the start of the process. */
export interface Span {
  stage: Stage;
  start: number;
  end: number;
}

export const spans = channel('vitune.stage');

/** Publishes a stage that began at `start` and ends now. */
export function publishSpan(stage: Stage, start: number, end = performance.now()): void {
  if (spans.hasSubscribers) spans.publish({ stage, start, end } satisfies Span);
}

/** Runs `work` and publishes its time as `stage`. */
export async function timed<T>(stage: Stage, work: () => T | Promise<T>): Promise<T> {
  if (!spans.hasSubscribers) return work();
  const start = performance.now();
  try {
    return await work();
  } finally {
    publishSpan(stage, start);
  }
}
