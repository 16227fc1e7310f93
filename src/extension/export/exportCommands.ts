/** "Export Checkpoint…": a checkpoint as PEFT, transformers or ONNX Runtime read it. */
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { coverageWords } from '../../shared/coverage.js';
import { exportFormatNames, exportFormats, type ExportFormat } from '../../shared/exportFormats.js';
import { precisionNames, precisions, type Precision } from '../../shared/precisions.js';
import type { Exported } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import { formats } from '../formats.js';
import type { ImageGrids } from '../imageGrid/imageGrids.js';
import { notify, type Action } from '../notify.js';
import { withProgress } from '../progress.js';
import { pickCheckpoint, type RunArgument } from '../runs/pickRun.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';

const { t } = vscode.l10n;

interface Doors {
  launch: Launch;
  runs: RunStore;
  grids: ImageGrids;
  /** Names a file for a list of images. */
  newFile: () => Promise<string>;
}

export function exportCommands({ launch, runs, grids, newFile }: Doors) {
  return {
    /** A format, a folder and a precision may be given, as a test or a keybinding does. */
    [commands.exportCheckpoint]: async (
      given?: RunArgument,
      format?: ExportFormat,
      target?: string,
      precision?: Precision,
    ) => {
      const checkpoint = await pickCheckpoint(runs, given, t('Export which checkpoint?'));
      if (checkpoint === undefined) return undefined;
      const chosen = typeof format === 'string' ? format : await pickFormat();
      if (chosen === undefined) return undefined;
      const isAsked = chosen === 'onnx' && typeof target !== 'string' && typeof precision !== 'string';
      const width = isAsked ? await pickPrecision() : typeof precision === 'string' ? precision : 'fp32';
      if (width === undefined) return undefined;
      const folder = typeof target === 'string' ? target : await pickTarget(checkpoint, chosen, width);
      if (folder === undefined) return undefined;
      const stages = {
        open: t('opening the checkpoint'),
        narrow: t('choosing which layers can be narrow'),
        write: t('writing'),
        compare: t('comparing its predictions'),
        measure: t('measuring it on labelled images'),
      };
      const list = width === 'fp32' ? undefined : await newFile();
      const narrow = list === undefined ? [] : ['--precision', width, '--list', list];
      const args = ['--checkpoint', checkpoint, '--format', chosen, '--output', folder, ...narrow];
      const outputs = await withProgress(t('Exporting to “{0}”…', basename(folder)), (signal, report) =>
        runCommand(launch, 'export', {
          args,
          signal,
          onOutput: (output) =>
            output.type === 'progress' && report(stages[output.stage], (100 * output.done) / output.total),
        }),
      );
      const exported = outputOf(outputs, 'exported');
      const reveal = () => vscode.commands.executeCommand(commands.reveal, exported.folder);
      const showChanged = (): Promise<void> =>
        grids.showList(
          {
            title: t('Changed by {0}', width),
            heading: t('Images that {0} predicts otherwise than fp32', width),
            lead: coverageWords(exported.coverage!, t),
            task: null,
            query: {},
          },
          list!,
        );
      const actions: Action[] = [
        { title: t('Open Folder'), run: reveal },
        ...(exported.changed ? [{ title: t('Show Changed Images'), run: showChanged }] : []),
      ];
      void notify('info', saidOf(exported), ...actions);
      return exported;
    },
  };
}

/** The folder of the export, and what it does on labelled images where its precision was chosen. */
function saidOf({ folder, parity, ...figures }: Exported): string {
  const { precision, bytes, accuracy, interval, images, changed, fp32, millisecondsPerImage } = figures;
  if (precision === undefined)
    return t(
      'Exported to “{0}”. Its predictions for {1} sample images equal those of the checkpoint.',
      basename(folder),
      parity.pictures,
    );
  const percent = (share: number): string => formats().percent(share);
  return t(
    'Exported to “{0}” in {1}: {2}; {3} right ({4} to {5}) on {6} images, {7} of them predicted otherwise than in fp32 ({8} right); {9} times its speed.',
    basename(folder),
    precision,
    formats().bytes(bytes),
    percent(accuracy!),
    percent(interval![0]),
    percent(interval![1]),
    images!,
    changed!,
    percent(fp32!.accuracy),
    formats().speed(fp32!.millisecondsPerImage / millisecondsPerImage!),
  );
}

async function pickPrecision(): Promise<Precision | undefined> {
  const items = precisionNames.map((precision) => {
    const { label, detail } = precisions[precision];
    return { label, detail: detail(vscode.l10n), precision };
  });
  return (await vscode.window.showQuickPick(items, { title: t('In which precision?') }))?.precision;
}

async function pickFormat(): Promise<ExportFormat | undefined> {
  const items = exportFormatNames.map((format) => {
    const { label, detail } = exportFormats[format];
    return { label, description: format, detail: detail(vscode.l10n), format };
  });
  return (await vscode.window.showQuickPick(items, { title: t('Export as what?') }))?.format;
}

async function pickTarget(checkpoint: string, format: ExportFormat, precision: Precision): Promise<string | undefined> {
  const run = basename(dirname(checkpoint)) === 'checkpoints' ? dirname(dirname(checkpoint)) : checkpoint;
  const parent = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? dirname(run);
  const uri = await vscode.window.showSaveDialog({
    title: t('Name a new folder for the export'),
    saveLabel: t('Export'),
    defaultUri: vscode.Uri.file(
      join(parent, [basename(run), format, ...(precision === 'fp32' ? [] : [precision])].join('-')),
    ),
  });
  return uri?.fsPath;
}
