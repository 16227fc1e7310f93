/** The dataset that a command is about: its argument, else the user's choice. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { DatasetStore } from './datasetStore.js';
import type { DatasetNode } from './datasetsTree.js';

const { t } = vscode.l10n;

/** A node of the tree, a folder of the Explorer, or a path. */
export type DatasetArgument = DatasetNode | vscode.Uri | string | undefined;

export async function chooseFolders(): Promise<string[]> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectFolders: true,
    canSelectFiles: false,
    canSelectMany: true,
    openLabel: t('Add Dataset'),
    title: t('Choose a folder with one subfolder of images for each class'),
  });
  return (chosen ?? []).map((uri) => uri.fsPath);
}

/** The dataset of a command: its argument, else the user's choice. */
export async function pickDataset(datasets: DatasetStore, given: DatasetArgument): Promise<string | undefined> {
  if (typeof given === 'string') return given;
  if (given instanceof vscode.Uri) return given.fsPath;
  if (given?.kind === 'dataset') return given.folder;
  const items = datasets.folders.map((folder) => ({ label: basename(folder), description: folder, folder }));
  const browse = {
    label: t('Choose a Folder…'),
    description: '',
    folder: undefined,
    iconPath: new vscode.ThemeIcon('folder-opened'),
  };
  // The walkthrough takes the focus back when a step of it is done.
  const options = { title: t('Which dataset?'), ignoreFocusOut: true };
  const chosen = await vscode.window.showQuickPick([...items, browse], options);
  if (!chosen) return undefined;
  if (chosen.folder !== undefined) return chosen.folder;
  const [folder] = await chooseFolders();
  if (folder !== undefined) await datasets.add(folder);
  return folder;
}
