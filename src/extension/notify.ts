/** All notifications and questions: the one place that shows them, in which names cannot become links. */
import * as vscode from 'vscode';
import { withoutLinks } from './plainText.js';

type Kind = 'info' | 'warning' | 'error';

export interface Action {
  title: string;
  run: () => unknown;
}

const show = (kind: Kind) =>
  ({
    info: vscode.window.showInformationMessage,
    warning: vscode.window.showWarningMessage,
    error: vscode.window.showErrorMessage,
  })[kind];

/** Shows a message with a button for each action, and runs the one that is chosen. Resolves when that is done. */
export async function notify(kind: Kind, message: string, ...actions: readonly Action[]): Promise<void> {
  const chosen = await show(kind)<Action>(withoutLinks(message), ...actions);
  await chosen?.run();
}

/** Says something at length, in a dialog. */
export async function tell(message: string, detail: string): Promise<void> {
  await vscode.window.showInformationMessage(withoutLinks(message), { modal: true, detail });
}

/** Asks for confirmation in a dialog: whether the user chose `yes`. */
export async function ask(question: string, yes: string, detail?: string): Promise<boolean> {
  const chosen = await vscode.window.showWarningMessage(withoutLinks(question), { modal: true, detail }, yes);
  return chosen === yes;
}
