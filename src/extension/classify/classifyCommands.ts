/** "Classify Image" on one image, several, or a folder; "Open with Predictions". */
import * as vscode from 'vscode';
import type { Classification } from '../../trainer/protocol.js';
import { readableEndings } from '../../shared/imageFormats.js';
import { commands, imageEditorType } from '../contributions.js';
import type { DatasetNode } from '../datasets/datasetsTree.js';
import { imagesOf } from '../datasets/images.js';
import { errors } from '../errors/errors.js';
import { isCancel } from '../errors/showError.js';
import { withProgress } from '../progress.js';
import type { ReportPanels } from '../reports/reportPanels.js';
import type { ActiveCheckpointStore } from '../runs/activeCheckpoint.js';
import type { Classifier } from './classifier.js';
import { offerCheckpoint } from './offerCheckpoint.js';

const { t } = vscode.l10n;

/** A file of the Explorer, an image of the datasets tree, or a path. */
type Given = vscode.Uri | DatasetNode | string | undefined;

export function classifyCommands(panels: ReportPanels, classifier: Classifier, active: ActiveCheckpointStore) {
  const classify = async (given?: Given, selected?: readonly Given[]) => {
    const chosen = await targets(given, selected);
    if (chosen.length === 0) return;
    if (!active.current) await offerCheckpoint(active);
    const checkpoint = active.current;
    if (!checkpoint) return;
    const paths = await imagesOf(chosen);
    if (paths.length === 0) throw errors.noImages();
    // One image is best shown itself, with its predictions.
    if (paths.length === 1 && paths[0] !== undefined) return openWithPredictions(paths[0]);
    const results: Classification[] = [];
    const title = t('Classifying {0} images', paths.length.toLocaleString(vscode.env.language));
    const stopped = await withProgress(title, async (signal, report) => {
      try {
        await classifier.classify(paths, signal, (result) => {
          results.push(result);
          report(`${results.length} / ${paths.length}`, (100 * results.length) / paths.length);
        });
        return false;
      } catch (error) {
        // Results from before the user cancelled are still worth showing.
        if (isCancel(error)) return true;
        throw error;
      }
    });
    const { run, step } = checkpoint;
    if (results.length > 0) await panels.show('classification', { results, checkpoint: { run, step }, stopped });
  };
  return {
    [commands.classify]: classify,
    [commands.classifyFolder]: classify,
    [commands.openWithPredictions]: async (given?: Given, selected?: readonly Given[]) => {
      const paths = await targets(given, selected);
      for (const path of paths) await openWithPredictions(path, paths.length === 1);
    },
  };
}

/** `preview`: the next image that is opened so takes its tab. */
export async function openWithPredictions(path: string, preview = true): Promise<void> {
  await vscode.commands.executeCommand('vscode.openWith', vscode.Uri.file(path), imageEditorType, { preview });
}

function pathOf(given: Given): string[] {
  if (given instanceof vscode.Uri) return [given.fsPath];
  if (typeof given === 'string') return [given];
  return given?.kind === 'image' || given?.kind === 'class' ? [given.path] : [];
}

/** The selection, else the clicked item, else the open image, else the user's choice. */
async function targets(given: Given, selected: readonly Given[] | undefined): Promise<string[]> {
  const named = selected && selected.length > 0 ? selected.flatMap(pathOf) : pathOf(given);
  if (named.length > 0) return named;
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputCustom && input.uri.scheme === 'file') return [input.uri.fsPath];
  const chosen = await vscode.window.showOpenDialog({
    canSelectMany: true,
    filters: { [t('Images')]: [...readableEndings] },
    title: t('Choose images to classify'),
  });
  return (chosen ?? []).map((uri) => uri.fsPath);
}
