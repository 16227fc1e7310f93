/** What a command offers that needs a checkpoint where none is active. */
import * as vscode from 'vscode';
import { commands } from '../contributions.js';
import { errors } from '../errors/errors.js';
import { notify } from '../notify.js';
import type { ActiveCheckpointStore } from '../runs/activeCheckpoint.js';

const { t } = vscode.l10n;

/** Without a checkpoint there is nothing to ask: choose one, or train. */
export async function offerCheckpoint(active: ActiveCheckpointStore): Promise<void> {
  const { message } =
    active.chosen === undefined ? errors.noCheckpoint().info : errors.checkpointGone(active.chosen).info;
  await notify(
    'info',
    message,
    { title: t('Choose a Checkpoint'), run: () => vscode.commands.executeCommand(commands.setActiveCheckpoint) },
    { title: t('Train on a Dataset'), run: () => vscode.commands.executeCommand(commands.startTraining) },
  );
}
