/** UserError: a fault that a person can mend, with its code, plain words, remedy and place. */
import type { ErrorInfo } from '../protocol.js';

/** Where in a file the fault lies; `line` and `column` count from 1. */
export interface Place {
  file?: string;
  line?: number;
  column?: number;
}

/** A fault of the input or the machine, not of this program: shown to the person as it is, without a stack. */
export class UserError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly remedy: string,
    readonly place: Place = {},
  ) {
    super(message);
    this.name = 'UserError';
  }

  toInfo(): ErrorInfo {
    return { code: this.code, message: this.message, remedy: this.remedy, ...this.place };
  }
}

/** The words of whatever was thrown, for use inside another message. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What is told of whatever was thrown: a `UserError` as it is; a bug with what is needed to report it. */
export function infoOf(error: unknown): ErrorInfo {
  if (error instanceof UserError) return error.toInfo();
  return { code: 'BUG', message: reasonOf(error), remedy: error instanceof Error ? (error.stack ?? '') : '' };
}

/** A number of bytes as messages name it, in GB. */
export const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
