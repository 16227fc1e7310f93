/**
 * Shows what went wrong: a message with its remedy and an action; what nobody expected goes to the log with its stack.
 */
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import type { ErrorInfo } from '../../trainer/protocol.js';
import { log } from '../log/log.js';
import { TrainerDied } from '../trainer/trainerDied.js';
import { errors } from './errors.js';
import { notify, type Action } from '../notify.js';
import { openPlace } from './openPlace.js';
import { ShownError } from './shownError.js';

/** The trainer's own word for what nobody expected; its remedy is a stack. */
const bugCode = 'BUG';

/** The message for the user about anything thrown; a bug is logged with its stack and gets a general message. */
export function infoOf(error: unknown): ErrorInfo {
  if (error instanceof ShownError && error.info.code !== bugCode) return error.info;
  if (error instanceof TrainerDied) {
    log().error(error.message, error.tail);
    return errors.trainerDied(String(error.ending ?? '?')).info;
  }
  log().error(error instanceof Error ? error : new Error(String(error)));
  if (error instanceof ShownError) log().error(error.info.remedy);
  return {
    code: bugCode,
    message: vscode.l10n.t(
      'Something went wrong inside ViTune: {0}',
      error instanceof Error ? error.message : String(error),
    ),
    remedy: vscode.l10n.t('The log has the details.'),
  };
}

export function isCancel(error: unknown): boolean {
  return error instanceof vscode.CancellationError || (error instanceof Error && error.name === 'AbortError');
}

/** Shows an error as a notification; `actions` come before the ones every error has. */
export async function showError(error: unknown, actions: readonly Action[] = []): Promise<void> {
  if (isCancel(error)) return;
  const info = infoOf(error);
  const { file } = info;
  const buttons = [...actions];
  // What is missing cannot be opened.
  if (file && existsSync(file))
    buttons.push({ title: vscode.l10n.t('Open File'), run: () => openPlace({ ...info, file }) });
  if (info.code === bugCode || error instanceof TrainerDied)
    buttons.push({ title: vscode.l10n.t('Show Log'), run: () => log().show() });
  await notify('error', `${info.message} ${info.remedy}`, ...buttons);
}
