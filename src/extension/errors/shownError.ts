/** An error that is shown to the user unchanged; everything else that is thrown is a bug. */
import type { ErrorInfo } from '../../trainer/protocol.js';

export class ShownError extends Error {
  constructor(readonly info: ErrorInfo) {
    super(info.message);
    this.name = 'ShownError';
  }
}
