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
import { chooseFolders, pickDataset, type DatasetArgument } from './pickDataset.js';

const { t } = vscode.l10n;

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
