/** The commands on a run or a checkpoint. */
import * as vscode from 'vscode';
import { formats } from '../formats.js';
import { commands } from '../contributions.js';
import { ask } from '../notify.js';
import type { Training } from '../trainer/training.js';
import type { ActiveCheckpointStore } from './activeCheckpoint.js';
import { pickCheckpoint, pickRun, type RunArgument } from './pickRun.js';
import type { ComparisonNode, RunNode } from './runsTree.js';
import type { ComparisonStore } from '../compare/comparisonStore.js';
import type { RunStore } from './runStore.js';

const { t } = vscode.l10n;

export function runCommands(
  runs: RunStore,
  training: Training,
  active: ActiveCheckpointStore,
  comparisons: ComparisonStore,
) {
  return {
    [commands.stopTraining]: async (given?: RunArgument) => {
      const run = await pickRun(
        runs,
        given,
        (each) => each.busy,
        t('Stop which training?'),
        t('No training is running.'),
      );
      if (run) await training.stop(run);
    },
    [commands.resumeTraining]: async (given?: RunArgument) => {
      const none = t('There is no training to resume: none was stopped or interrupted.');
      const run = await pickRun(runs, given, (each) => each.resumable, t('Resume which training?'), none);
      if (run) await training.resume(run);
    },
    [commands.setActiveCheckpoint]: async (given?: RunArgument) => {
      const folder = await pickCheckpoint(runs, given, t('Classify with which checkpoint?'));
      if (folder !== undefined) await active.choose(folder);
    },
    [commands.refreshRuns]: async () => {
      await runs.scan();
      await comparisons.scan();
    },
    [commands.deleteRun]: (node: RunNode | ComparisonNode) => remove(node, runs, comparisons),
  };
}

/** The folder to delete, and the text of the confirmation. */
function whatToRemove(node: RunNode | ComparisonNode): { folder: string; confirmation: string } {
  switch (node.kind) {
    case 'run':
      return {
        folder: node.run.folder,
        confirmation: t('Delete “{0}” with its events and checkpoints?', node.run.info.name),
      };
    case 'comparison':
      return {
        folder: node.folder,
        confirmation: t('Delete the comparison on “{0}” with its runs and their checkpoints?', node.name),
      };
    case 'checkpoint': {
      const step = formats().integer(node.checkpoint.step);
      return { folder: node.checkpoint.path, confirmation: t('Delete the checkpoint of step {0}?', step) };
    }
  }
}

async function remove(node: RunNode | ComparisonNode, runs: RunStore, comparisons: ComparisonStore): Promise<void> {
  const { folder, confirmation } = whatToRemove(node);
  const trash = t('Move to Trash');
  const detail = t('It goes to the trash, from where you can put it back.');
  if (!(await ask(confirmation, trash, detail))) return;
  await moveToTrash(vscode.Uri.file(folder));
  if (node.kind === 'run') await runs.forget(folder);
  else if (node.kind === 'comparison') await comparisons.forget(folder);
  else await runs.refresh(node.run.folder);
}

/**
 * A machine without a desktop has no trash; then nothing is deleted before the user confirms the permanent deletion.
 */
async function moveToTrash(uri: vscode.Uri): Promise<void> {
  try {
    await vscode.workspace.fs.delete(uri, { recursive: true, useTrash: true });
  } catch (error) {
    const forever = t('Delete for Good');
    const confirmation = t('This machine has no trash: {0}', error instanceof Error ? error.message : String(error));
    if (!(await ask(confirmation, forever))) return;
    await vscode.workspace.fs.delete(uri, { recursive: true, useTrash: false });
  }
}
