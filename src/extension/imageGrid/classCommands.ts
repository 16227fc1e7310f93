/** Renames, merges and deletes classes of a dataset, and first says what that means for the runs that know them. */
import * as vscode from 'vscode';
import type { ImageChange } from '../../shared/imageChange.js';
import { commands } from '../contributions.js';
import type { DatasetNode } from '../datasets/datasetsTree.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import { ask } from '../notify.js';
import { withoutIcons } from '../plainText.js';
import { imagesText } from '../runs/count.js';
import type { RunStore } from '../runs/runStore.js';
import { askForName } from './askForChange.js';
import type { ImageChanges } from './imageChanges.js';

const { t } = vscode.l10n;

type ClassNode = Extract<DatasetNode, { kind: 'class' | 'label' }>;

export function classCommands(changes: ImageChanges, datasets: DatasetStore, runs: RunStore) {
  /** Asks `question` with the effect on checkpoints, and makes the change. */
  const change = async (
    node: ClassNode,
    kind: ImageChange,
    words: { question: (images: string) => string; yes: string; effect: string; done: string },
  ): Promise<void> => {
    const detail = [words.effect, await knownBy(runs, node.label)].join('\n\n');
    await changes.change(
      node.folder,
      kind,
      [],
      () => words.done,
      ({ images }) => ask(words.question(imagesText(images)), words.yes, detail),
    );
  };
  return {
    [commands.renameClass]: async (node?: DatasetNode) => {
      if (!isClass(node)) return;
      const { label } = node;
      const to = await askForName(t('New name of the class “{0}”', label), label);
      if (to === undefined || to === label) return;
      const isMerge = datasets.knowledgeOf(node.folder)?.inspection?.labels.includes(to.normalize('NFC'));
      if (isMerge) return change(node, { kind: 'renameClass', label, to }, mergeWords(label, to));
      await change(
        node,
        { kind: 'renameClass', label, to },
        {
          question: (images) => t('Rename the class “{0}” ({1}) to “{2}”?', label, images, to),
          yes: t('Rename'),
          effect: t('A later training learns “{0}”. Earlier checkpoints do not know this name.', to),
          done: t('The class “{0}” is now “{1}”.', label, to),
        },
      );
    },
    [commands.mergeClass]: async (node?: DatasetNode) => {
      if (!isClass(node)) return;
      const { label } = node;
      const others = (datasets.knowledgeOf(node.folder)?.inspection?.labels ?? []).filter((other) => other !== label);
      const items = others.map((other) => ({ label: withoutIcons(other), other }));
      const chosen = await vscode.window.showQuickPick(items, { title: t('Merge “{0}” into which class?', label) });
      if (chosen) await change(node, { kind: 'renameClass', label, to: chosen.other }, mergeWords(label, chosen.other));
    },
    [commands.deleteClass]: async (node?: DatasetNode) => {
      if (!isClass(node)) return;
      const { label, folder } = node;
      const isFolder = datasets.knowledgeOf(folder)?.inspection?.columns === undefined;
      await change(
        node,
        { kind: 'deleteClass', label },
        {
          question: (images) => t('Delete the class “{0}” ({1})?', label, images),
          yes: t('Delete'),
          effect: isFolder
            ? t('Its images in all splits are moved to the trash. A later training does not learn it.')
            : t(
                'Its images are excluded; they and their rows stay where they are. A later training does not learn it.',
              ),
          done: t('The class “{0}” was deleted.', label),
        },
      );
    },
  };
}

const isClass = (node?: DatasetNode): node is ClassNode => node?.kind === 'class' || node?.kind === 'label';

const mergeWords = (label: string, to: string) => ({
  question: (images: string) => t('Merge the class “{0}” ({1}) into “{2}”?', label, images, to),
  yes: t('Merge'),
  effect: t('The answer “{0}” for one of these images is then a mistake in an evaluation.', label),
  done: t('The class “{0}” is now part of “{1}”.', label, to),
});

/** Which runs were trained with a class of this name, and what they will answer. */
async function knownBy(runs: RunStore, label: string): Promise<string> {
  const known = (await runs.all()).filter(({ progress: { started } }) =>
    (started?.tasks ?? [{ labels: started?.labels ?? [] }]).some(({ labels }) => labels.includes(label)),
  );
  const [first] = known;
  if (!first) return t('No run of this window was trained with “{0}”.', label);
  const names = known.slice(0, 5).map(({ info }) => info.name);
  const all = [...names, ...(known.length > names.length ? ['…'] : [])].join(', ');
  return known.length === 1
    ? t('The run “{0}” was trained with “{1}”: its checkpoints still answer “{1}”.', first.info.name, label)
    : t('{0} runs were trained with “{1}”: {2}. Their checkpoints still answer “{1}”.', known.length, label, all);
}
