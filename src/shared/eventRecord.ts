/** Reads the lines of `events.jsonl`, which an older or a newer version, or a crash, may have written. */
import { taskCalibrationSchema } from './calibration.js';
import { errorInfoSchema } from './errorInfo.js';
import { extraFigureSchemas } from './metrics.js';
import { saidWordsSchema } from './said.js';
import {
  count,
  exactly,
  flag,
  isObject,
  listOf,
  number,
  numberOrNotFinite,
  objectOf,
  oneOf,
  optional,
  text,
  type Schema,
} from './schema.js';
import type { ClassFigures, EvaluatedTask, EventFields, Parity, RecordedEvent, SplitName, Task } from './trainEvent.js';

const splitNames: Record<SplitName, true> = { train: true, validation: true, test: true };

const classFigures = objectOf<ClassFigures>({
  label: text,
  precision: number,
  recall: number,
  f1: number,
  support: number,
  averagePrecision: optional(number),
  intervals: () => undefined,
});

const evaluatedFields = {
  loss: numberOrNotFinite,
  accuracy: number,
  confusion: listOf(listOf(count)),
  perClass: optional(listOf(classFigures)),
  ...extraFigureSchemas,
};

const parity = objectOf<Parity>({
  pictures: count,
  tolerance: number,
  largestDifference: numberOrNotFinite,
  changed: listOf(
    objectOf<Parity['changed'][number]>({ picture: text, was: text, is: text, difference: numberOrNotFinite }),
  ),
});

/** What each type of event holds; an event type without a row does not compile. */
const eventSchemas: { readonly [Type in keyof EventFields]: Schema<EventFields[Type]> } = {
  started: objectOf<EventFields['started']>({
    run: text,
    name: text,
    device: oneOf({ cpu: true, webgpu: true, cuda: true, tensorflow: true }),
    model: text,
    method: text,
    labels: listOf(text),
    tasks: optional(listOf(objectOf<Task>({ name: text, labels: listOf(text), multiLabel: flag }))),
    images: objectOf<Record<SplitName, number>>({ train: count, validation: count, test: count }),
    splits: optional(oneOf({ folders: true, seeded: true })),
    skipped: count,
    epochs: number,
    steps: count,
    trainableParameters: count,
    totalParameters: count,
    resumedFrom: optional(count),
  }),
  progress: objectOf<EventFields['progress']>({
    phase: oneOf({ download: true, decode: true, features: true, compile: true, solve: true, evaluate: true }),
    done: number,
    total: number,
  }),
  partialStep: objectOf<EventFields['partialStep']>({
    step: count,
    done: number,
    total: number,
    loss: numberOrNotFinite,
  }),
  step: objectOf<EventFields['step']>({
    step: count,
    epoch: number,
    loss: numberOrNotFinite,
    learningRate: number,
    imagesPerSecond: numberOrNotFinite,
    waiting: numberOrNotFinite,
  }),
  evaluation: objectOf<EventFields['evaluation']>({
    step: count,
    epoch: number,
    split: oneOf(splitNames),
    judged: optional(exactly(true)),
    ...evaluatedFields,
    tasks: optional(listOf(objectOf<EvaluatedTask & { task: string }>({ task: text, ...evaluatedFields }))),
  }),
  checkpoint: objectOf<EventFields['checkpoint']>({ step: count, path: text, best: flag }),
  calibration: objectOf<EventFields['calibration']>({
    step: count,
    tasks: listOf(taskCalibrationSchema),
    unknown: optional(
      objectOf<NonNullable<EventFields['calibration']['unknown']>>({
        accepted: number,
        threshold: number,
        images: count,
      }),
    ),
  }),
  notice: objectOf<EventFields['notice']>({
    code: text,
    message: text,
    remedy: optional(text),
    file: optional(text),
    said: optional(saidWordsSchema),
  }),
  finished: objectOf<EventFields['finished']>({
    run: text,
    best: objectOf<EventFields['finished']['best']>({ step: count, accuracy: number }),
    seconds: number,
    reason: oneOf({ epochs: true, 'early-stopping': true }),
    peakMemoryBytes: optional(number),
    parity: optional(parity),
  }),
  stopped: objectOf<EventFields['stopped']>({ run: text, step: count }),
  error: errorInfoSchema,
};

const recordSchema = objectOf<{ type: string; seq: number; time: number }>({ type: text, seq: count, time: number });

/** A line of the log. `event` is absent where its type is unknown: a newer version wrote it, and it is skipped. */
export interface CountedRecord {
  seq: number;
  event?: RecordedEvent;
  defect?: undefined;
}

/** A line of the log, or what is wrong with it. */
export type EventRecord = CountedRecord | { defect: string };

/** Reads one line's JSON value. */
export function readRecord(value: unknown): EventRecord {
  const defect = recordSchema(value, '');
  if (defect !== undefined || !isObject(value)) return { defect: defect ?? 'not an object' };
  const { type, seq } = value as unknown as RecordedEvent;
  if (!Object.hasOwn(eventSchemas, type)) return { seq };
  const wrong = eventSchemas[type](value, '');
  return wrong === undefined ? { seq, event: value as unknown as RecordedEvent } : { defect: `${type}: ${wrong}` };
}

/** Reads the text of one line, without its line break. */
export function readRecordLine(line: string): EventRecord {
  try {
    return readRecord(JSON.parse(line));
  } catch (error) {
    return { defect: error instanceof Error ? error.message : String(error) };
  }
}
