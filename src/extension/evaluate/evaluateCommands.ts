/** "Evaluate on a Dataset…" and "Compare Answers with…": how well a checkpoint names images, and what has changed. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { AcceptedShare } from '../classify/acceptedShare.js';
import { commands } from '../contributions.js';
import { pickDataset } from '../datasets/pickDataset.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import type { ImageGrids } from '../imageGrid/imageGrids.js';
import { withProgress } from '../progress.js';
import type { ReportPanels } from '../reports/reportPanels.js';
import { pickCheckpoint, type RunArgument } from '../runs/pickRun.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import { askForAll, evaluateImages } from './evaluationImages.js';
import { showFlips } from './flips.js';

const { t } = vscode.l10n;

export function evaluateCommands(
  panels: ReportPanels,
  grids: ImageGrids,
  launch: Launch,
  runs: RunStore,
  datasets: DatasetStore,
  accepted: AcceptedShare,
) {
  return {
    [commands.evaluate]: async (given?: RunArgument) => {
      const checkpoint = await pickCheckpoint(runs, given, t('Evaluate which checkpoint?'));
      if (checkpoint === undefined) return;
      const dataset = await pickDataset(datasets, undefined);
      if (dataset === undefined) return;
      const list = await panels.newFile();
      const args = ['--checkpoint', checkpoint, '--dataset', dataset];
      const evaluation = await askForAll((more) =>
        withProgress(t('Evaluating on “{0}”…', basename(dataset)), (signal, report) =>
          evaluateImages(launch, [...args, ...more], accepted, list, signal, report),
        ),
      );
      await panels.show('evaluation', { evaluation, list, checkpoint, dataset });
    },
    /** `earlier` and `dataset` as a test or a keybinding gives them. */
    [commands.compareAnswers]: async (given?: RunArgument, earlier?: string, dataset?: string) => {
      const now = await pickCheckpoint(runs, given, t('Compare the answers of which checkpoint?'));
      if (now === undefined) return;
      // A second selected item of the tree is no path.
      const other = typeof earlier === 'string' ? earlier : undefined;
      const title = t('The answers of “{0}” now, and before those of which checkpoint?', basename(now));
      const before = await pickCheckpoint(runs, other, title);
      if (before === undefined) return;
      const images = await pickDataset(datasets, dataset);
      if (images === undefined) return;
      await showFlips(grids, launch, { before, now, dataset: images });
    },
  };
}
