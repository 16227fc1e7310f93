/** The images that two checkpoints answer differently, as a grid. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { diffWords } from '../../shared/diffWords.js';
import type { ImageGrids } from '../imageGrid/imageGrids.js';
import { notify } from '../notify.js';
import { withProgress } from '../progress.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';
import { askForAll, reportImages } from './evaluationImages.js';

const { t } = vscode.l10n;

/** Folders. */
export interface Compared {
  before: string;
  now: string;
  dataset: string;
}

/** Asks both checkpoints about the images that neither was trained on, and shows those that changed. */
export async function showFlips(grids: ImageGrids, launch: Launch, { before, now, dataset }: Compared): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'vitune-flips-'));
  try {
    const list = join(folder, 'flips.images');
    const args = [before, now, '--dataset', dataset, '--list', list];
    const outputs = await askForAll((more) =>
      withProgress(t('Comparing answers on “{0}”…', basename(dataset)), (signal, report) =>
        runCommand(launch, 'diff', {
          args: [...args, ...more],
          signal,
          onOutput: (output) => reportImages(output, report),
        }),
      ),
    );
    const diff = outputOf(outputs, 'diff');
    const lead = diffWords(diff, { was: nameOf(before), is: nameOf(now) }, t);
    if ((diff.tasks ?? [diff]).every(({ changed }) => changed === 0)) {
      void notify('info', lead.join(' '));
      return;
    }
    const title = t('Changed answers: {0}', nameOf(now));
    const task = diff.tasks?.[0]?.task ?? null;
    await grids.showList({ title, heading: `${nameOf(before)} → ${nameOf(now)}`, lead, task, query: {} }, list);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A run, or a checkpoint of one. */
function nameOf(folder: string): string {
  const [, run, step] = /([^\\/]+)[\\/]checkpoints[\\/]([^\\/]+)$/.exec(folder) ?? [];
  return run === undefined ? basename(folder) : t('{0}, step {1}', run, step!);
}
