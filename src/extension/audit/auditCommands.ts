/** "Audit Dataset": what is probably wrong with a dataset, as a page whose findings open as grids. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { commands } from '../contributions.js';
import { pickDataset, type DatasetArgument } from '../datasets/pickDataset.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import { withProgress } from '../progress.js';
import type { ReportPanels } from '../reports/reportPanels.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, outputsOf, runCommand } from '../trainer/runCommand.js';
import { reportAudit } from './auditProgress.js';

const { t } = vscode.l10n;

export function auditCommands(panels: ReportPanels, datasets: DatasetStore, launch: Launch) {
  return {
    [commands.auditDataset]: async (given?: DatasetArgument) => {
      const folder = await pickDataset(datasets, given);
      if (folder === undefined) return;
      const outputs = await withProgress(t('Auditing “{0}”…', basename(folder)), (signal, report) =>
        runCommand(launch, 'audit', {
          args: [folder],
          signal,
          onOutput: (output) => {
            if (output.type === 'progress') reportAudit(output, report);
          },
        }),
      );
      const [curve] = outputsOf(outputs, 'curve');
      const findings = outputsOf(outputs, 'finding');
      await panels.show('audit', { folder, audit: outputOf(outputs, 'audit'), findings, curve });
    },
  };
}
