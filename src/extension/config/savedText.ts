/** The text of a config as the trainer will read it. */
import * as vscode from 'vscode';

/** Saves the document where it has changes, since what is typed is what is meant; undefined where it is not saved. */
export async function savedText(file: string): Promise<string | undefined> {
  const document = await vscode.workspace.openTextDocument(file);
  if (document.isDirty && !(await document.save())) return undefined;
  return document.getText();
}
