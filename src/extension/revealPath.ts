/** Shows a file or folder: in the Explorer where that has it, else in the system's own file manager. */
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { errors } from './errors/errors.js';

/** Throws `ShownError` where there is nothing any more. */
export async function revealPath(path: string): Promise<void> {
  if (!existsSync(path)) throw errors.placeGone(path);
  const uri = vscode.Uri.file(path);
  const inside = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  await vscode.commands.executeCommand(inside ? 'revealInExplorer' : 'revealFileInOS', uri);
}
