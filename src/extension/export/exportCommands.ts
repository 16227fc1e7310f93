/** "Export Checkpoint…": a checkpoint as PEFT, transformers or ONNX Runtime read it. */
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { exportFormatNames, exportFormats, type ExportFormat } from '../../shared/exportFormats.js';
import { commands } from '../contributions.js';
import { notify } from '../notify.js';
import { withProgress } from '../progress.js';
import { pickCheckpoint, type RunArgument } from '../runs/pickRun.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';

const { t } = vscode.l10n;

export function exportCommands(launch: Launch, runs: RunStore) {
  return {
    /** A format and a folder may be given, as a test or a keybinding does. */
    [commands.exportCheckpoint]: async (given?: RunArgument, format?: ExportFormat, target?: string) => {
      const checkpoint = await pickCheckpoint(runs, given, t('Export which checkpoint?'));
      if (checkpoint === undefined) return undefined;
      const chosen = typeof format === 'string' ? format : await pickFormat();
      if (chosen === undefined) return undefined;
      const folder = typeof target === 'string' ? target : await pickTarget(checkpoint, chosen);
      if (folder === undefined) return undefined;
      const stages = {
        open: t('opening the checkpoint'),
        write: t('writing'),
        compare: t('comparing its predictions'),
      };
      const args = ['--checkpoint', checkpoint, '--format', chosen, '--output', folder];
      const outputs = await withProgress(t('Exporting to “{0}”…', basename(folder)), (signal, report) =>
        runCommand(launch, 'export', {
          args,
          signal,
          onOutput: (output) =>
            output.type === 'progress' && report(stages[output.stage], (100 * output.done) / output.total),
        }),
      );
      const exported = outputOf(outputs, 'exported');
      const said = t(
        'Exported to “{0}”. Its predictions for {1} sample images equal those of the checkpoint.',
        basename(exported.folder),
        exported.parity.pictures,
      );
      const reveal = () => vscode.commands.executeCommand(commands.reveal, exported.folder);
      void notify('info', said, { title: t('Open Folder'), run: reveal });
      return exported;
    },
  };
}

async function pickFormat(): Promise<ExportFormat | undefined> {
  const items = exportFormatNames.map((format) => {
    const { label, detail } = exportFormats[format];
    return { label, description: format, detail: detail(vscode.l10n), format };
  });
  return (await vscode.window.showQuickPick(items, { title: t('Export as what?') }))?.format;
}

async function pickTarget(checkpoint: string, format: ExportFormat): Promise<string | undefined> {
  const run = basename(dirname(checkpoint)) === 'checkpoints' ? dirname(dirname(checkpoint)) : checkpoint;
  const parent = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? dirname(run);
  const uri = await vscode.window.showSaveDialog({
    title: t('Name a new folder for the export'),
    saveLabel: t('Export'),
    defaultUri: vscode.Uri.file(join(parent, `${basename(run)}-${format}`)),
  });
  return uri?.fsPath;
}
