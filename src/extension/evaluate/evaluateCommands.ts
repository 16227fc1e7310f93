/** "Evaluate on a Dataset…": how well a checkpoint names the images of a folder. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { EvaluatedImage, Evaluation } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import { pickDataset } from '../datasets/datasetCommands.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import { withProgress } from '../progress.js';
import { showReport } from '../reports/reportPanel.js';
import { pickCheckpoint, type RunArgument } from '../runs/pickRun.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import { runJson } from '../trainer/runJson.js';
import { confusedReport } from './confusedReport.js';
import { evaluationReport } from './evaluationReport.js';

const { t } = vscode.l10n;

export function evaluateCommands(
  context: vscode.ExtensionContext,
  launch: Launch,
  runs: RunStore,
  datasets: DatasetStore,
) {
  /** The images of each evaluation whose page may still be open, by its title. */
  const evaluated = new Map<string, readonly EvaluatedImage[]>();
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
      const report = evaluationReport(evaluation, checkpoint, dataset);
      evaluated.set(
        report.title,
        objects.filter((object): object is EvaluatedImage => (object as Partial<EvaluatedImage>).type === 'picture'),
      );
      showReport(context, report);
    },
    /** A cell of the confusion matrix of an evaluation's page; `task` is null where there is only one. */
    [commands.showConfused]: (title: string, task: string | null, truth: string, prediction: string) => {
      showReport(context, confusedReport(evaluated.get(title) ?? [], { task, truth, prediction }));
    },
  };
}
