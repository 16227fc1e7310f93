/** UserError and the named factories of everything a person can get wrong: code, plain words, remedy, place. */
import * as l10n from '@vscode/l10n';
import type { ErrorInfo } from './protocol.js';

const { t } = l10n;

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

export const errors = {
  // --- images -------------------------------------------------------------------------------------------------
  imageUnreadable: (file: string, reason: string) =>
    new UserError('IMAGE_UNREADABLE', t('This file cannot be read as a picture: {0}', reason), t('Replace it or remove it from the folder.'), { file }),
};
