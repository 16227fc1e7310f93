/** Changes keys in a config file as an edit of its document, which the user sees and can undo. */
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import type { ConfigEdit } from '../../trainer/protocol.js';
import { errors } from '../errors/errors.js';
import { differenceOf, edited } from './configEdits.js';

/** The edits of a document as an edit of the workspace. */
export function workspaceEditOf(document: vscode.TextDocument, edits: readonly ConfigEdit[]): vscode.WorkspaceEdit {
  const text = document.getText();
  const { offset, length, content } = differenceOf(text, edited(text, edits));
  const edit = new vscode.WorkspaceEdit();
  const range = new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
  edit.replace(document.uri, range, content);
  return edit;
}

/**
 * Comments and the rest of the text stay. The document is shown, and not saved.
 * @throws ShownError for a file that is gone.
 */
export async function editConfig(file: string, edits: readonly ConfigEdit[]): Promise<void> {
  if (!existsSync(file)) throw errors.placeGone(file);
  const document = await vscode.workspace.openTextDocument(file);
  const edit = workspaceEditOf(document, edits);
  await vscode.window.showTextDocument(document);
  await vscode.workspace.applyEdit(edit);
}

/** Sets one key; see `editConfig`. */
export const setInConfig = (file: string, key: string, value: number | string): Promise<void> =>
  editConfig(file, [{ path: key.split('.'), value }]);
