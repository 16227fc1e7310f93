/** Opens the file that an error or a report names, at its place; a folder is revealed. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { revealPath } from '../revealPath.js';
import { errors } from './errors.js';

/** `line` and `column` count from 1. Throws `ShownError` for what was deleted. */
export async function openPlace({
  file,
  line,
  column,
}: {
  file: string;
  line?: number;
  column?: number;
}): Promise<void> {
  if (!existsSync(file)) throw errors.placeGone(file);
  if ((await stat(file)).isDirectory()) return revealPath(file);
  const position = new vscode.Position((line ?? 1) - 1, (column ?? 1) - 1);
  await vscode.commands.executeCommand(
    'vscode.open',
    vscode.Uri.file(file),
    line === undefined ? {} : { selection: new vscode.Range(position, position) },
  );
}
