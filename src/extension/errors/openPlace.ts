/** Opens the file an error is about, at its place; a folder is shown in the Explorer. */
import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';

/** `line` and `column` count from 1. */
export async function openPlace({
  file,
  line,
  column,
}: {
  file: string;
  line?: number;
  column?: number;
}): Promise<void> {
  const uri = vscode.Uri.file(file);
  if ((await stat(file)).isDirectory()) {
    await vscode.commands.executeCommand('revealInExplorer', uri);
    return;
  }
  const position = new vscode.Position((line ?? 1) - 1, (column ?? 1) - 1);
  await vscode.commands.executeCommand(
    'vscode.open',
    uri,
    line === undefined ? {} : { selection: new vscode.Range(position, position) },
  );
}
