/** "Train Again…" and "Compare with…": a corrected dataset, a better run, and what is better in it. */
import * as vscode from 'vscode';
import type { AgainFrom } from '../../shared/runFolder.js';
import { commands } from '../contributions.js';
import type { DatasetNode } from '../datasets/datasetsTree.js';
import { formats } from '../formats.js';
import { notify } from '../notify.js';
import { withoutIcons } from '../plainText.js';
import type { ReportPanels } from '../reports/reportPanels.js';
import { datasetOfRun } from '../runs/datasetOfRun.js';
import { pickRun, type RunArgument } from '../runs/pickRun.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import type { Training } from '../trainer/training.js';
import { compareRuns } from './compareRuns.js';
import { serves, type RunChanges } from './runChanges.js';

const { t } = vscode.l10n;

export function againCommands({
  runs,
  changes,
  training,
  panels,
  launch,
}: {
  runs: RunStore;
  changes: RunChanges;
  training: Training;
  panels: ReportPanels;
  launch: Launch;
}) {
  return {
    /** `from` as a test or a keybinding gives it. */
    [commands.trainAgain]: async (given?: RunArgument | DatasetNode, from?: AgainFrom) => {
      const run = await runToTrain(given, runs, changes);
      if (!run) return;
      const chosen = typeof from === 'string' ? from : await pickStart(run);
      if (chosen === undefined) return;
      const { folder } = await training.again(run, chosen);
      await vscode.commands.executeCommand(commands.openDashboard, folder);
    },
    [commands.compareRuns]: async (given?: RunArgument, earlier?: string) => {
      const none = t('There is no trained run yet.');
      const now = await pickRun(runs, given, serves, t('Compare which run?'), none);
      if (!now) return;
      // A second selected item of the tree is no path.
      const before = typeof earlier === 'string' ? runs.get(earlier) : await pickEarlier(runs, now);
      if (before) await compareRuns({ panels, launch }, before, now);
    },
  };
}

async function runToTrain(
  given: RunArgument | DatasetNode,
  runs: RunStore,
  changes: RunChanges,
): Promise<Run | undefined> {
  const none = t('There is no trained run yet.');
  if (typeof given === 'object' && given.kind === 'dataset') {
    const run = changes.newestOn(given.folder);
    if (!run) void notify('info', t('No run was trained on this dataset yet.'));
    return run;
  }
  const ofRun = typeof given === 'object' && !('run' in given) ? undefined : given;
  return pickRun(runs, ofRun, serves, t('Train which run again?'), none);
}

/** A method that takes no steps starts from nothing else. */
async function pickStart(run: Run): Promise<AgainFrom | undefined> {
  if (run.progress.started?.steps === 0) return 'scratch';
  const best = run.summary.best && formats().percent(run.summary.best.accuracy);
  const items: (vscode.QuickPickItem & { from: AgainFrom })[] = [
    {
      label: t('From Scratch'),
      detail: t('As the run began: shows what the changed data are worth.'),
      from: 'scratch',
    },
    {
      label: t('From the Best Checkpoint'),
      ...(best === undefined ? {} : { description: best }),
      detail: t('Goes on with what was learned, earlier labels included.'),
      from: 'best',
    },
  ];
  const title = t('Train “{0}” again, on the same validation images', run.info.name);
  return (await vscode.window.showQuickPick(items, { title }))?.from;
}

/** Another run; the one that was trained again and those on the same dataset come first. */
async function pickEarlier(runs: RunStore, now: Run): Promise<Run | undefined> {
  const others = (await runs.all()).filter((run) => run !== now && run.checkpoints.length > 0);
  if (others.length === 0) {
    void notify('info', t('There is no other run to compare it with.'));
    return undefined;
  }
  const dataset = await datasetOfRun(now.folder).catch(() => undefined);
  const items = await Promise.all(
    others.map(async (run) => {
      const isSame = dataset !== undefined && (await datasetOfRun(run.folder).catch(() => undefined)) === dataset;
      return {
        label: withoutIcons(run.info.name),
        description: [
          run.summary.best && formats().percent(run.summary.best.accuracy),
          isSame ? '' : t('another dataset'),
        ]
          .filter(Boolean)
          .join(' · '),
        detail: run.folder,
        rank: run.folder === now.info.again?.run ? 0 : isSame ? 1 : 2,
        run,
      };
    }),
  );
  const title = t('Compare “{0}” with which earlier run?', now.info.name);
  const sorted = items.sort((a, b) => a.rank - b.rank);
  return (await vscode.window.showQuickPick(sorted, { title, matchOnDetail: true }))?.run;
}
