/** UserError: a problem that the user can solve, with its code, plain words, remedy and place. */
import type { ErrorInfo } from '../protocol.js';
import { asIs, Words } from './l10n.js';

/** The position of the problem in a file; `line` and `column` count from 1. `twin` is an image that equals `file`. */
export interface Place {
  file?: string;
  twin?: string;
  line?: number;
  column?: number;
}

/** A problem of the input or the machine, not a bug of this program: shown to the user as it is, without a stack. */
export class UserError extends Error {
  readonly remedy: string;
  readonly said: { message: Words; remedy: Words };

  constructor(
    readonly code: string,
    message: Words,
    remedy: Words,
    readonly place: Place = {},
  ) {
    super(String(message));
    this.name = 'UserError';
    this.remedy = String(remedy);
    this.said = { message, remedy };
  }

  /** The same with another place. */
  at(place: Place): UserError {
    const { message, remedy } = this.said;
    return new UserError(this.code, message, remedy, place);
  }

  toInfo(): ErrorInfo {
    return { code: this.code, message: this.message, remedy: this.remedy, ...this.place, said: this.said };
  }

  /** The error of another process. */
  static of({ code, message, remedy, said, file, line, column }: ErrorInfo): UserError {
    const [first, second] = said
      ? [said.message, said.remedy].map(({ text, args }) => new Words(text, args))
      : [asIs(message), asIs(remedy)];
    return new UserError(code, first!, second!, { file, line, column });
  }
}

/** The message of anything that was thrown, for use inside another message. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Describes anything that was thrown: a `UserError` as it is; a bug with the stack that a report needs. */
export function infoOf(error: unknown): ErrorInfo {
  if (error instanceof UserError) return error.toInfo();
  return { code: 'BUG', message: reasonOf(error), remedy: error instanceof Error ? (error.stack ?? '') : '' };
}

/** A number of bytes in GB, as messages show it. */
export const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
