/** `compare.json`: methods compared on one dataset. */
import { errorInfoSchema, type ErrorInfo } from './errorInfo.js';
import { extraFigureSchemas, type ExtraFigures } from './metrics.js';
import { exactly, listOf, number, objectOf, oneOf, optional, plainName, text } from './schema.js';
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

/** One method's row in a comparison. */
export interface ComparisonRow extends ExtraFigures {
  method: string;
  /** Its run folder, which is that of its name in the folder of the comparison. */
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
  /** How it differs from the most accurate method on the same images (`pairedTest`). */
  paired?: Paired | undefined;
  /** Why the method could not be trained. */
  error?: ErrorInfo;
}

/** The methods compared on one dataset, split and seed. */
export interface Comparison {
  format: 1;
  /** Absolute path. */
  dataset: string;
  /** What was set in addition to the method, `KEY=VALUE` each. */
  settings: string[];
  /** The methods requested; those without a row are still to come. */
  methods: string[];
  rows: ComparisonRow[];
}

export const comparisonSchema = objectOf<Comparison>({
  format: exactly(1),
  dataset: text,
  settings: listOf(text),
  methods: listOf(plainName),
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
      paired: optional(objectOf<Paired>({ against: plainName, difference: number, p: number, images: number })),
      error: optional(errorInfoSchema),
    }),
  ),
});
