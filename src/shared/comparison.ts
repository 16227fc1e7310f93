/** `compare.json`: methods compared on one dataset. */
import { errorInfoSchema, type ErrorInfo } from './errorInfo.js';
import type { Interval } from './interval.js';
import { extraFigureSchemas, type ExtraFigures } from './metrics.js';
import {
  exactly,
  expected,
  listOf,
  number,
  objectOf,
  oneOf,
  optional,
  plainName,
  text,
  type Schema,
} from './schema.js';
import type { SplitName } from './trainEvent.js';

/** The name that makes a folder one of a comparison; the runs of its methods are the folders in it. */
export const comparisonFileName = 'compare.json';

/** Accuracy less that of the method `against`, and how likely so great a difference is by chance. */
export interface Paired {
  against: string;
  difference: number;
  p: number;
  images: number;
}

/** A run of a method that was trained with several seeds. */
export interface SeedRow {
  seed: number;
  run: string;
  accuracy: number;
}

/** One method's row in a comparison; with several seeds its numbers are the means of the runs. */
export interface ComparisonRow extends ExtraFigures {
  method: string;
  /** Its run folder, named after it in the folder of the comparison; of several seeds that of the first. */
  run: string;
  trainableParameters?: number;
  totalParameters?: number;
  /** See the event `finished`. */
  peakMemoryBytes?: number;
  /** From the decoded images to the last evaluation. */
  seconds?: number;
  /** Of the best checkpoint: on the test images where the dataset has such, else on the validation images. */
  accuracy?: number;
  split?: SplitName;
  /** Wilson's interval of 95 % of the accuracy on as many images; more seeds do not make it narrower. */
  interval?: Interval;
  /** Bytes of the files that the best checkpoint needs to answer. */
  bytes?: number;
  /** The runs by seed, where there are several. */
  seeds?: SeedRow[];
  /** How it differs from the most accurate method on the same images (`pairedTest`). */
  paired?: Paired | undefined;
  /** Why the method could not be trained. */
  error?: ErrorInfo;
}

/** The methods compared on one dataset and split. */
export interface Comparison {
  format: 1;
  /** Absolute path. */
  dataset: string;
  /** What was set in addition to the method, `KEY=VALUE` each. */
  settings: string[];
  /** The methods requested; those without a row are still to come. */
  methods: string[];
  /** How many seeds each is trained with; 1 where it is absent. */
  seeds?: number;
  rows: ComparisonRow[];
}

const interval: Schema<Interval> = (value, place) =>
  listOf(number)(value, place) ?? ((value as number[]).length === 2 ? undefined : expected(place, 'two numbers'));

/** The folder, in that of the comparison, of a method's run with a seed; `first` is the comparison's own seed. */
export const runNameOf = (method: string, seed: number, first: number): string =>
  seed === first ? method : `${method}-seed${seed}`;

/** The rows with their runs in `folder`, which may have been moved; `join` is that of `node:path`. */
export const rowsIn = (
  folder: string,
  rows: readonly ComparisonRow[],
  join: (...parts: string[]) => string,
): ComparisonRow[] =>
  rows.map((row) => ({
    ...row,
    run: join(folder, row.method),
    ...(row.seeds && {
      seeds: row.seeds.map((each) => ({
        ...each,
        run: join(folder, runNameOf(row.method, each.seed, row.seeds![0]!.seed)),
      })),
    }),
  }));

export const comparisonSchema = objectOf<Comparison>({
  format: exactly(1),
  dataset: text,
  settings: listOf(text),
  methods: listOf(plainName),
  seeds: optional(number),
  rows: listOf(
    objectOf<ComparisonRow>({
      method: plainName,
      run: text,
      trainableParameters: optional(number),
      totalParameters: optional(number),
      peakMemoryBytes: optional(number),
      seconds: optional(number),
      accuracy: optional(number),
      ...extraFigureSchemas,
      split: optional(oneOf<SplitName>({ train: true, validation: true, test: true })),
      interval: optional(interval),
      bytes: optional(number),
      seeds: optional(listOf(objectOf<SeedRow>({ seed: number, run: text, accuracy: number }))),
      paired: optional(objectOf<Paired>({ against: plainName, difference: number, p: number, images: number })),
      error: optional(errorInfoSchema),
    }),
  ),
});
