/** "Compare Methods…": every method trained on one dataset, and the table of what each takes and gives. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { Comparison, ComparisonRow, TrainEvent } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import { pickDataset } from '../datasets/datasetCommands.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import type { DatasetNode } from '../datasets/datasetsTree.js';
import { isCancel } from '../errors/showError.js';
import { withProgress, type Report } from '../progress.js';
import { showReport } from '../reports/reportPanel.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import { runJson } from '../trainer/runJson.js';
import { comparisonReport } from './comparisonReport.js';

const { t } = vscode.l10n;

type Told = (TrainEvent & { method: string }) | ({ type: 'row' } & ComparisonRow);

export function compareCommands(o: { context: vscode.ExtensionContext; launch: Launch; datasets: DatasetStore; runs: RunStore; configFolder: () => string }) {
  return {
    /** `options` are those of `vitune compare`, as a test or a keybinding gives them. */
    [commands.compareMethods]: async (given?: DatasetNode | vscode.Uri | string, options: string[] = []) => {
      const dataset = await pickDataset(o.datasets, given);
      if (dataset === undefined) return;
      const folder = join(o.configFolder(), 'runs', `compare-${basename(dataset)}`);
      const args = ['compare', '--dataset', dataset, '--output', folder, ...(Array.isArray(options) ? options : []), '--json'];
      try {
        await withProgress(t('Comparing methods on “{0}”…', basename(dataset)), (signal, report) =>
          runJson(o.launch, { script: 'cli', args, signal, onObject: teller(report) }),
        );
      } catch (error) {
        // What is done so far is worth seeing, and the next time goes on from there.
        if (!isCancel(error)) throw error;
      }
      const comparison = await readComparison(folder);
      if (!comparison?.rows.length) return;
      for (const { run, error } of comparison.rows) if (!error) await o.runs.refresh(run);
      showReport(o.context, comparisonReport(comparison));
    },
  };
}

/** Shows which method is at which step; its share of the whole is that of one method among those known so far. */
function teller(report: Report): (object: unknown) => void {
  let steps = 1;
  let told = 0;
  return (object) => {
    const event = object as Told;
    if (event.type === 'started') ({ steps } = event);
    if (event.type !== 'step' || performance.now() - told < 200) return;
    told = performance.now();
    report(t('{0}: step {1} of {2}', event.method, event.step.toLocaleString(vscode.env.language), steps.toLocaleString(vscode.env.language)));
  };
}

/** Undefined where nothing has been compared yet. */
async function readComparison(folder: string): Promise<Comparison | undefined> {
  const text = await readFile(join(folder, 'compare.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as Comparison);
}
