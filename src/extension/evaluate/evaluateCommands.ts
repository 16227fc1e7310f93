/** "Evaluate on a Dataset…": how well a checkpoint names the images of a folder. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { commands } from '../contributions.js';
import { pickDataset } from '../datasets/pickDataset.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import { withProgress } from '../progress.js';
import type { ReportPanels } from '../reports/reportPanels.js';
import { pickCheckpoint, type RunArgument } from '../runs/pickRun.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import { evaluateImages } from './evaluationImages.js';

const { t } = vscode.l10n;

export function evaluateCommands(panels: ReportPanels, launch: Launch, runs: RunStore, datasets: DatasetStore) {
  return {
    [commands.evaluate]: async (given?: RunArgument) => {
      const checkpoint = await pickCheckpoint(runs, given, t('Evaluate which checkpoint?'));
      if (checkpoint === undefined) return;
      const dataset = await pickDataset(datasets, undefined);
      if (dataset === undefined) return;
      const list = await panels.newFile();
      const args = ['--checkpoint', checkpoint, '--dataset', dataset];
      const evaluation = await withProgress(t('Evaluating on “{0}”…', basename(dataset)), (signal, report) =>
        evaluateImages(launch, args, list, signal, report),
      );
      await panels.show('evaluation', { evaluation, list, checkpoint, dataset });
    },
  };
}
