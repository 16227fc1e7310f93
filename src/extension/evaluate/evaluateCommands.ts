/** "Evaluate on a Dataset…": how well a checkpoint names the images of a folder. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { EvaluatedImage, Evaluation } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import { pickDataset } from '../datasets/datasetCommands.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import { withProgress } from '../progress.js';
import type { ReportPanels } from '../reports/reportPanels.js';
import { pickCheckpoint, type RunArgument } from '../runs/pickRun.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import { runJson } from '../trainer/runJson.js';

const { t } = vscode.l10n;

export function evaluateCommands(panels: ReportPanels, launch: Launch, runs: RunStore, datasets: DatasetStore) {
  return {
    [commands.evaluate]: async (given?: RunArgument) => {
      const checkpoint = await pickCheckpoint(runs, given, t('Evaluate which checkpoint?'));
      if (checkpoint === undefined) return;
      const dataset = await pickDataset(datasets, undefined);
      if (dataset === undefined) return;
      const args = ['evaluate', '--checkpoint', checkpoint, '--dataset', dataset, '--pictures', '--json'];
      const objects = await withProgress(t('Evaluating on “{0}”…', basename(dataset)), (signal) =>
        runJson(launch, { script: 'cli', args, signal }),
      );
      const evaluation = objects.find(
        (object): object is Evaluation =>
          typeof object === 'object' && object !== null && 'confusion' in object && 'perClass' in object,
      );
      if (!evaluation) throw new Error(`Evaluating ${checkpoint} on ${dataset} printed no result`);
      const images = objects.filter(
        (object): object is EvaluatedImage => (object as Partial<EvaluatedImage>).type === 'picture',
      );
      await panels.show('evaluation', { evaluation, images, checkpoint, dataset });
    },
  };
}
