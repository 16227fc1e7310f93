/** Long work with a progress notification that can be cancelled. */
import * as vscode from 'vscode';
import { withoutLinks } from './plainText.js';

export type Report = (message: string, percent?: number) => void;

/**
 * Runs `work` under a notification with a cancel button; `signal` is aborted by it. `report`'s `percent` is the whole
 * so far.
 */
export function withProgress<T>(title: string, work: (signal: AbortSignal, report: Report) => Promise<T>): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: withoutLinks(title), cancellable: true },
    (progress, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      let before = 0;
      return work(controller.signal, (message, percent) => {
        progress.report({
          message: withoutLinks(message),
          ...(percent === undefined ? {} : { increment: percent - before }),
        });
        before = percent ?? before;
      });
    },
  );
}
