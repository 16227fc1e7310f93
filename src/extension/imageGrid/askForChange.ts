/** Asks where images go, and changes them: what the actions of a grid and of a class in the tree mean. */
import * as vscode from 'vscode';
import type { SplitName } from '../../trainer/protocol.js';

import { splitTitle } from '../datasets/datasetsTree.js';
import { withoutIcons } from '../plainText.js';
import { count } from '../runs/count.js';
import { acceptSuggestions } from './acceptSuggestions.js';
import type { ChangeAction, Chosen } from './imageActions.js';
import type { ImageChanges } from './imageChanges.js';

const { t } = vscode.l10n;

/** `known` are the classes of the dataset, also those that no image of the grid has. */
export async function changeChosen(
  changes: ImageChanges,
  action: ChangeAction,
  chosen: Chosen,
  known: readonly string[] = [],
): Promise<void> {
  const { dataset, images } = chosen;
  switch (action) {
    case 'class':
    case 'newClass': {
      const label = action === 'class' ? await pickClass(chosen, known) : await askForName(t('Name of the new class'));
      if (label === undefined) return;
      const say = (n: number) =>
        n === 1
          ? t('1 image is now in the class “{0}”.', label)
          : t('{0} images are now in the class “{1}”.', count(n), label);
      return changes.change(dataset, { kind: 'class', label }, images, say);
    }
    case 'accept':
      return acceptSuggestions(changes, chosen);
    case 'split': {
      const split = await pickSplit(images.length);
      if (split === undefined) return;
      const say = (n: number) =>
        n === 1
          ? t('1 image is now in the split “{0}”.', splitTitle(split))
          : t('{0} images are now in the split “{1}”.', count(n), splitTitle(split));
      return changes.change(dataset, { kind: 'split', split }, images, say);
    }
    case 'exclude':
      return changes.change(dataset, { kind: 'exclude' }, images, (n) =>
        n === 1 ? t('1 image is excluded from the dataset.') : t('{0} images are excluded from the dataset.', count(n)),
      );
    case 'trash':
      return changes.change(dataset, { kind: 'trash' }, images, (n) =>
        n === 1 ? t('1 image was moved to the trash.') : t('{0} images were moved to the trash.', count(n)),
      );
  }
}

async function pickClass({ labels, images }: Chosen, known: readonly string[]): Promise<string | undefined> {
  const only = new Set(images.map(({ label }) => label));
  const isNew = { label: `$(add) ${t('New Class…')}`, name: undefined };
  // What is predicted of all of them is the likeliest wish.
  const [predicted, ...others] = new Set(images.map(({ prediction }) => prediction));
  const first = predicted !== undefined && others.length === 0 ? [predicted] : [];
  const items = [...new Set([...first, ...known, ...labels])]
    // All are there already.
    .filter((name) => only.size > 1 || !only.has(name))
    .map((name) => ({
      label: withoutIcons(name),
      name,
      ...(first.includes(name) ? { description: t('Predicted class') } : {}),
    }));
  const title =
    images.length === 1
      ? t('Move 1 image to which class?')
      : t('Move {0} images to which class?', count(images.length));
  const chosen = await vscode.window.showQuickPick([...items, isNew], { title });
  if (!chosen) return undefined;
  return chosen.name ?? askForName(t('Name of the new class'));
}

/** Undefined: the user does not want it. What the name may be, the plan says. */
export async function askForName(title: string, value = ''): Promise<string | undefined> {
  const name = await vscode.window.showInputBox({
    title,
    value,
    validateInput: (typed) => (typed.trim() ? undefined : t('Type a name.')),
  });
  return name?.trim();
}

async function pickSplit(images: number): Promise<SplitName | undefined> {
  const splits: SplitName[] = ['train', 'validation', 'test'];
  const title = images === 1 ? t('Move 1 image to which split?') : t('Move {0} images to which split?', count(images));
  const items = splits.map((split) => ({ label: splitTitle(split), split }));
  return (await vscode.window.showQuickPick(items, { title }))?.split;
}
