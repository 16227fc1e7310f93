/** Sets a key in a config file as an edit of its document, which the user sees and can undo. */
import { existsSync } from 'node:fs';
import { modify } from 'jsonc-parser';
import * as vscode from 'vscode';
import { errors } from '../errors/errors.js';

/**
 * Comments and the rest of the text stay. The document is shown, and not saved.
 * @throws ShownError for a file that is gone.
 */
export async function setInConfig(file: string, key: string, value: number | string): Promise<void> {
  if (!existsSync(file)) throw errors.placeGone(file);
  const document = await vscode.workspace.openTextDocument(file);
  const edit = new vscode.WorkspaceEdit();
  const changes = modify(document.getText(), key.split('.'), value, {
    formattingOptions: { tabSize: 2, insertSpaces: true },
  });
  for (const { offset, length, content } of changes)
    edit.replace(
      document.uri,
      new vscode.Range(document.positionAt(offset), document.positionAt(offset + length)),
      content,
    );
  await vscode.window.showTextDocument(document);
  await vscode.workspace.applyEdit(edit);
}
