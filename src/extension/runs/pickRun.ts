/** Finds the run or checkpoint of a command: its argument, else the user's choice. */
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { errors } from '../errors/errors.js';
import { notify } from '../notify.js';
import { withoutIcons } from '../plainText.js';
import type { Run } from './run.js';
import type { RunNode } from './runsTree.js';
import { formats } from '../formats.js';
import type { RunStore } from './runStore.js';

/** What commands about runs may be given: a node of the tree, or the folder of a run or checkpoint. */
export type RunArgument = RunNode | string | undefined;

/** `none` is shown when no run fits; undefined when the user cancelled. */
export async function pickRun(
  runs: RunStore,
  given: RunArgument,
  serves: (run: Run) => boolean,
  title: string,
  none: string,
): Promise<Run | undefined> {
  if (typeof given === 'object') return given.run;
  if (given !== undefined) return runs.get(given);
  const serving = (await runs.all()).filter(serves);
  if (serving.length === 0) {
    void notify('info', none);
    return undefined;
  }
  if (serving.length === 1) return serving[0];
  const items = serving.map((run) => ({
    label: withoutIcons(run.info.name),
    description: run.summary.best && formats().percent(run.summary.best.accuracy),
    detail: run.folder,
    run,
  }));
  return (await vscode.window.showQuickPick(items, { title, matchOnDetail: true }))?.run;
}

/** The folder of a run (its best checkpoint) or of one checkpoint. */
export async function pickCheckpoint(runs: RunStore, given: RunArgument, title: string): Promise<string | undefined> {
  if (typeof given === 'object') return given.kind === 'run' ? given.run.folder : given.checkpoint.path;
  if (given !== undefined) return given;
  const usable = (await runs.all()).filter((run) => run.checkpoints.length > 0);
  if (usable.length === 0) throw errors.noCheckpoint();
  const { t } = vscode.l10n;
  const items: (vscode.QuickPickItem & { folder: string })[] = usable.flatMap((run) => [
    { label: withoutIcons(run.info.name), kind: vscode.QuickPickItemKind.Separator, folder: '' },
    {
      label: t('Best of {0}', withoutIcons(run.info.name)),
      iconPath: new vscode.ThemeIcon('star-full'),
      description: run.summary.best && formats().percent(run.summary.best.accuracy),
      folder: run.folder,
    },
    ...run.checkpoints.map((row) => ({
      label: t('Step {0}', formats().integer(row.step)),
      iconPath: new vscode.ThemeIcon('save'),
      description: [run.info.name, ...(row.best ? [t('best')] : []), ...(row.last ? [t('last')] : [])].join(' · '),
      folder: row.path,
    })),
  ]);
  items.push(
    { label: '', kind: vscode.QuickPickItemKind.Separator, folder: '' },
    { label: t('Choose a Folder…'), iconPath: new vscode.ThemeIcon('folder-opened'), folder: '…' },
  );
  const chosen = (await vscode.window.showQuickPick(items, { title }))?.folder;
  if (chosen !== '…') return chosen;
  const [folder] = (await vscode.window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false, title })) ?? [];
  if (!folder) return undefined;
  await runs.refresh(folder.fsPath);
  if (!runs.get(folder.fsPath)) await runs.refresh(dirname(dirname(folder.fsPath)));
  return folder.fsPath;
}
