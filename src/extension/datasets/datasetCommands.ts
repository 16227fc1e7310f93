/** The commands on a dataset. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { commands } from '../contributions.js';
import { ShownError } from '../errors/shownError.js';
import { notify } from '../notify.js';
import { withProgress } from '../progress.js';
import type { ReportPanels } from '../reports/reportPanels.js';
import type { DatasetStore } from './datasetStore.js';
import type { DatasetNode } from './datasetsTree.js';

const { t } = vscode.l10n;

/** A node of the tree, a folder of the Explorer, or a path. */
type DatasetArgument = DatasetNode | vscode.Uri | string | undefined;

export function datasetCommands(panels: ReportPanels, datasets: DatasetStore) {
  return {
    [commands.addDataset]: async (clicked?: vscode.Uri, selected?: vscode.Uri[]) => {
      const folders =
        clicked instanceof vscode.Uri
          ? (selected?.length ? selected : [clicked]).map((uri) => uri.fsPath)
          : await chooseFolders();
      for (const folder of folders) if ((await stat(folder)).isDirectory()) await datasets.add(folder);
      if (folders.length > 0) await vscode.commands.executeCommand('vitune.datasets.focus');
      return folders;
    },
    [commands.removeDataset]: async (given?: DatasetArgument) => {
      const folder = await pickDataset(datasets, given);
      if (folder === undefined) return;
      await datasets.remove(folder);
      // Nothing on disk is touched, so that putting it back is undo enough.
      const said = t('“{0}” was removed from the list; the images stay where they are.', basename(folder));
      void notify('info', said, { title: t('Undo'), run: () => datasets.add(folder) });
    },
    [commands.inspectDataset]: async (given?: DatasetArgument) => {
      const folder = await pickDataset(datasets, given);
      if (folder === undefined) return;
      const { inspection, error } = await withProgress(t('Inspecting “{0}”…', basename(folder)), (signal) =>
        datasets.inspect(folder, signal),
      );
      if (error) throw new ShownError(error);
      await panels.show('inspection', { folder, inspection });
    },
    [commands.refreshDatasets]: () => datasets.forget(),
  };
}

async function chooseFolders(): Promise<string[]> {
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
  const chosen = await vscode.window.showQuickPick([...items, browse], { title: t('Which dataset?') });
  if (!chosen) return undefined;
  if (chosen.folder !== undefined) return chosen.folder;
  const [folder] = await chooseFolders();
  if (folder !== undefined) await datasets.add(folder);
  return folder;
}
