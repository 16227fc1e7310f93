/** Compares two runs: asks the trainer what changed in their data and in their answers, and shows the page. */
import * as vscode from 'vscode';
import { errors } from '../errors/errors.js';
import { infoOf, isCancel } from '../errors/showError.js';
import { reportImages } from '../evaluate/evaluationImages.js';
import { withProgress } from '../progress.js';
import type { ReportPanels } from '../reports/reportPanels.js';
import { configOfRun } from '../runs/datasetOfRun.js';
import type { Run } from '../runs/run.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';
import { curvesOf } from './curves.js';
import type { Known, RunsData } from './runsReport.js';
import { differingSettings } from './settings.js';

const { t } = vscode.l10n;

interface Parts {
  panels: ReportPanels;
  launch: Launch;
}

export async function compareRuns({ panels, launch }: Parts, before: Run, now: Run): Promise<void> {
  if (before.folder === now.folder) throw errors.sameRun(now.info.name);
  const [config, earlierConfig] = await Promise.all([configOfRun(now.folder), configOfRun(before.folder)]);
  const flips = await panels.newFile();
  const changed = await panels.newFile();
  const isTested = [before, now].every(({ progress }) => (progress.started?.images.test ?? 0) > 0);
  const isOneDataset = JSON.stringify(config.dataset) === JSON.stringify(earlierConfig.dataset);
  const title = t('Comparing “{0}” with “{1}”…', now.info.name, before.info.name);
  const found = await withProgress(title, async (signal, report) => {
    const runs = [before.folder, now.folder];
    const diff = known(
      runCommand(launch, 'diff', {
        args: [...runs, '--split', isTested ? 'test' : 'validation', '--list', flips],
        signal,
        onOutput: (output) => reportImages(output, report),
      }).then((outputs) => outputOf(outputs, 'diff')),
    );
    const changes = known(
      isOneDataset
        ? runCommand(launch, 'changes', { script: 'main', args: [...runs, '--list', changed], signal }).then(
            (outputs) => outputOf(outputs, 'changes'),
          )
        : Promise.reject(errors.otherDataset()),
    );
    return { diff: await diff, changes: await changes };
  });
  const data: RunsData = {
    before: { name: before.info.name, folder: before.folder },
    now: { name: now.info.name, folder: now.folder },
    dataset: typeof config.dataset === 'string' ? config.dataset : undefined,
    ...found,
    settings: differingSettings(earlierConfig, config),
    startsFromBest: now.info.again?.from === 'best',
    curves: curvesOf([before, now]),
    flips,
    changed,
  };
  await panels.show('runs', data);
}

/** What cannot be compared is said on the page, next to what can. */
async function known<T>(promise: Promise<T>): Promise<Known<T>> {
  try {
    return { found: await promise };
  } catch (error) {
    if (isCancel(error)) throw error;
    return { error: infoOf(error) };
  }
}
