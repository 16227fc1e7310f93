/** Moves images to the classes that were suggested for them, after a question, as one change. */
import * as vscode from 'vscode';
import type { ImageChanges } from './imageChanges.js';
import type { Chosen } from './imageActions.js';
import { ask } from '../notify.js';
import { count, imagesText } from '../runs/count.js';

const { t } = vscode.l10n;

/** Of so many classes the question says how many images go there. */
const mostNamed = 12;

export async function acceptSuggestions(changes: ImageChanges, { dataset, images }: Chosen): Promise<void> {
  const accepted = images.filter(({ prediction }) => prediction !== undefined);
  if (accepted.length === 0) return;
  const labels = accepted.map(({ prediction }) => prediction!);
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const largest = [...counts].sort(([, a], [, b]) => b - a);
  const lines = largest.slice(0, mostNamed).map(([label, n]) => `${label}: ${count(n)}`);
  const detail = [...lines, ...(largest.length > mostNamed ? ['…'] : [])].join('\n');
  await changes.change(
    dataset,
    { kind: 'classes', labels },
    accepted.map(({ path, label }) => ({ path, label })),
    (n) =>
      n === 1
        ? t('1 image is now in its suggested class.')
        : t('{0} images are now in their suggested classes.', count(n)),
    () => ask(t('Move {0} to the suggested classes?', imagesText(accepted.length)), t('Move'), detail),
  );
}
