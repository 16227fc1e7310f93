/** What can be done with the images that are selected in a grid. */
import * as vscode from 'vscode';
import type { ShownImage } from '../../shared/imageChange.js';
import type { ImageAction } from '../../webview/protocol.js';
import { commands, imageEditorType } from '../contributions.js';
import { ask, notify } from '../notify.js';
import { count } from '../runs/count.js';

const { t } = vscode.l10n;

/** Images of a dataset that a user chose, and the classes that it has. */
export interface Chosen {
  dataset: string;
  images: (ShownImage & { /** What class it is predicted to have. */ prediction?: string | undefined })[];
  labels: readonly string[];
}

export type ChangeAction = Exclude<ImageAction, 'open' | 'reveal' | 'copyPaths'>;

/** More images than these are opened only after a question. */
const manyTabs = 10;

export async function actOn(action: Exclude<ImageAction, ChangeAction>, paths: readonly string[]): Promise<void> {
  const [first] = paths;
  if (first === undefined) return;
  switch (action) {
    case 'open':
      return openAll(paths);
    case 'reveal':
      await vscode.commands.executeCommand(commands.reveal, first);
      return;
    case 'copyPaths':
      await vscode.env.clipboard.writeText(paths.join('\n'));
      void notify(
        'info',
        paths.length === 1 ? t('The path was copied.') : t('{0} paths were copied.', count(paths.length)),
      );
  }
}

async function openAll(paths: readonly string[]): Promise<void> {
  if (paths.length > manyTabs) {
    const open = t('Open {0} Editors', count(paths.length));
    const question = t('Each of the {0} images opens in an editor of its own.', count(paths.length));
    if (!(await ask(question, open))) return;
  }
  for (const path of paths)
    await vscode.commands.executeCommand('vscode.openWith', vscode.Uri.file(path), imageEditorType, {
      preview: paths.length === 1,
    });
}
