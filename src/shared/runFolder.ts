/** What lies in a run folder and under which names: `run.json`, `lock.json`, the log, pointers and checkpoints. */
import { count, listOf, number, objectOf, oneOf, optional, text } from './schema.js';

/** Names in the folder of a run. */
export const runFiles = {
  about: 'run.json',
  /** The run's config: defaults applied, paths absolute. */
  config: 'config.json',
  /** The batch sizes that were chosen. */
  batch: 'batch.json',
  /** Which images validate, where groups of them stay together. */
  split: 'split.json',
  /** The images that it was started on: a list of `imageList.ts`, with paths relative to the dataset. */
  images: 'dataset.images',
  events: 'events.jsonl',
  lock: 'lock.json',
  checkpoints: 'checkpoints',
  /** Pointers: each holds the step of a checkpoint. */
  last: 'last',
  best: 'best',
} as const;

export type PointerName = 'last' | 'best';

/** What a run is about: `run.json`, written at its start. */
export interface RunInfo {
  name: string;
  /** Absolute path of the config file it was started from. */
  config: string;
  createdAt: number;
  /** What `--set` changed of the config (`KEY=VALUE` each), which a resume keeps. */
  overrides?: string[];
  /** Where it trains again as an earlier run did. */
  again?: TrainedAgain;
}

/** What a run that trains again starts with: the weights of its model, or those of the earlier run. */
export const againFrom = ['scratch', 'best'] as const;
export type AgainFrom = (typeof againFrom)[number];

export interface TrainedAgain {
  /** Absolute path of the earlier run, whose settings and validation images it has. */
  run: string;
  from: AgainFrom;
}

export const runInfoSchema = objectOf<RunInfo>({
  name: text,
  config: text,
  createdAt: number,
  overrides: optional(listOf(text)),
  again: optional(objectOf<TrainedAgain>({ run: text, from: oneOf<AgainFrom>({ scratch: true, best: true }) })),
});

/** `lock.json`, by which a window finds the running trainer. */
export interface RunLock {
  /** The name of the machine: several may share a folder, each with processes of its own. */
  host: string;
  pid: number;
  /** Unix socket path or Windows pipe name that speaks `RunRequest` in, `RecordedEvent` out, a JSON object a line. */
  socket: string;
  startedAt: number;
}

export const runLockSchema = objectOf<RunLock>({ host: text, pid: count, socket: text, startedAt: number });

/** The step that the text of a pointer names; undefined where it names none. */
export function stepOfPointer(content: string): number | undefined {
  return /^\d{1,15}\s*$/.test(content) ? Number(content) : undefined;
}

/** The step of a checkpoint by its folder's name; undefined for another folder, e.g. one that is still written. */
export function stepOfCheckpoint(name: string): number | undefined {
  return /^(0|[1-9]\d{0,14})$/.test(name) ? Number(name) : undefined;
}
