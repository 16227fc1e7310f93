/** The shape of an error as the user sees it. */
import { saidWordsSchema, type SaidWords } from './said.js';
import { count, objectOf, optional, text } from './schema.js';

/** Made by a factory of the trainer's `errors/` or the extension's, shown as it is. */
export interface ErrorInfo {
  /** Stable, upper snake case, e.g. `DATASET_EMPTY`. */
  code: string;
  /** What is wrong, in plain words. */
  message: string;
  /** What the user can do about it. */
  remedy: string;
  /** Absolute path of the file at fault, where there is one. */
  file?: string;
  /** Absolute path of the image that is the same as `file`. */
  twin?: string;
  /** One-based place in `file`. */
  line?: number;
  column?: number;
  /** Message and remedy as they are translated; absent in older logs. */
  said?: SaidWords;
}

export const errorInfoFields = {
  code: text,
  message: text,
  remedy: text,
  file: optional(text),
  twin: optional(text),
  line: optional(count),
  column: optional(count),
  said: optional(saidWordsSchema),
};

export const errorInfoSchema = objectOf<ErrorInfo>(errorInfoFields);
