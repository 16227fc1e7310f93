/** From images without classes to a dataset: their groups, which to label next, and suggested classes, in the grid. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { CommandOutputs } from '../../trainer/protocol.js';
import { offerCheckpoint } from '../classify/offerCheckpoint.js';
import { commands } from '../contributions.js';
import { pickDataset, type DatasetArgument } from '../datasets/pickDataset.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import type { GridAbout } from '../imageGrid/gridStore.js';
import type { ImageGrids } from '../imageGrid/imageGrids.js';
import { notify } from '../notify.js';
import { withProgress, type Report } from '../progress.js';
import { count, imagesText } from '../runs/count.js';
import type { ActiveCheckpointStore } from '../runs/activeCheckpoint.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';

const { t } = vscode.l10n;

/** The confidence from which suggestions are shown at first; the grid has the control for it. */
const usualThreshold = 0.9;

type Name = 'group' | 'label-next' | 'suggest';

export interface FromNothingDoors {
  grids: ImageGrids;
  datasets: DatasetStore;
  active: ActiveCheckpointStore;
  launch: Launch;
  newFile: () => Promise<string>;
}

export function fromNothingCommands({ grids, datasets, active, launch, newFile }: FromNothingDoors) {
  const run = async <N extends Name>(
    name: N,
    folder: string,
    args: readonly string[],
    title: string,
  ): Promise<{ outputs: CommandOutputs[N][]; list: string }> => {
    const list = await newFile();
    const outputs = await withProgress(title, (signal, report) =>
      runCommand(launch, name, {
        args: [folder, ...args, '--list', list],
        signal,
        onOutput: (output) => reportShare(output, report),
      }),
    );
    return { outputs, list };
  };
  const suggest = async (folder: string, by: { run: string; path: string } | undefined) => {
    const name = basename(folder);
    const args = by ? ['--checkpoint', by.path] : [];
    const { outputs, list } = await run('suggest', folder, args, t('Suggesting classes for “{0}”…', name));
    const { suggested, unknown } = outputOf(outputs, 'suggestions');
    const from = by
      ? t('By the checkpoint of “{0}”', by.run)
      : t('By the images that have a class. Label more, and suggest again, to be surer.');
    const unlike = unknown === 0 ? [] : [t('No suggestion for {0} that are unlike all others.', imagesText(unknown))];
    await grids.showList(
      {
        ...aboutOf(folder, t('Suggestions'), [from, ...unlike]),
        query: {
          ranges: { probability: { from: usualThreshold } },
          sort: { column: 'probability', descending: true },
        },
        offers: 'accept',
      },
      list,
    );
    if (suggested === 0) void notify('info', t('No class is suggested for an image of “{0}”.', name));
  };
  return {
    [commands.groupImages]: async (given?: DatasetArgument) => {
      const folder = await pickDataset(datasets, given);
      const wanted = folder === undefined ? undefined : (await askGroups())?.trim();
      if (folder === undefined || wanted === undefined) return;
      const args = wanted === '' ? [] : ['--groups', wanted];
      const { outputs, list } = await run('group', folder, args, t('Grouping the images of “{0}”…', basename(folder)));
      const { groups, images } = outputOf(outputs, 'groups');
      const lead = t('{0} in {1} groups. Select an image and name its group.', imagesText(images), count(groups));
      await grids.showList(
        {
          ...aboutOf(folder, t('Groups'), [lead]),
          query: { sort: { column: 'group', descending: false } },
          offers: 'nameGroup',
        },
        list,
      );
    },
    [commands.labelNext]: async (given?: DatasetArgument) => {
      const folder = await pickDataset(datasets, given);
      if (folder === undefined) return;
      const { outputs, list } = await run(
        'label-next',
        folder,
        [],
        t('Ranking the images of “{0}”…', basename(folder)),
      );
      const { images, labelled } = outputOf(outputs, 'ranked');
      const lead = t('{0} with a class, {1} without. These teach the most.', imagesText(labelled), count(images));
      await grids.showList({ ...aboutOf(folder, t('Label These Next'), [lead]), query: {} }, list);
    },
    [commands.suggestLabels]: async (given?: DatasetArgument) => {
      const folder = await pickDataset(datasets, given);
      if (folder !== undefined) await suggest(folder, undefined);
    },
    [commands.prelabel]: async (given?: DatasetArgument) => {
      const folder = await pickDataset(datasets, given);
      if (folder === undefined) return;
      if (!active.current) await offerCheckpoint(active);
      const checkpoint = active.current;
      if (checkpoint) await suggest(folder, checkpoint);
    },
  };
}

/** Empty: the number that separates the images best; undefined: the user cancelled. */
function askGroups(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: t('How many groups?'),
    prompt: t('Leave it empty for the number that separates the images best.'),
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^\s*([1-9]\d*)?\s*$/.test(text) && text.trim() !== '1' ? undefined : t('Write a whole number from 2.'),
  });
}

const aboutOf = (folder: string, what: string, lead: string[]): Omit<GridAbout, 'query'> => ({
  title: `${basename(folder)} · ${what}`,
  heading: basename(folder),
  lead,
  task: null,
  dataset: folder,
});

function reportShare(output: CommandOutputs[Name], report: Report): void {
  if (output.type !== 'progress' || output.total === 0) return;
  const share = (100 * output.done) / output.total;
  // Features are the long part; each part is counted from its beginning.
  if (output.phase === 'features') report(t('{0} of {1} images', count(output.done), count(output.total)), share);
  else report(t('Comparing images'));
}
