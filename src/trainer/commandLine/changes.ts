/** `vitune changes`: what changed in the dataset of a run since it was trained, or between two runs. */
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { changeWords } from '../../shared/datasetChanges.js';
import { writeImageList } from '../data/datasetList.js';
import { runChanges } from '../inference/runChanges.js';
import type { CommandOutputs } from '../protocol.js';
import type { Arguments } from './commands.js';
import type { Output } from './output.js';

export async function changes(
  { operands, list: file }: Arguments<'changes'>,
  output: Output<CommandOutputs['changes']>,
  signal: AbortSignal,
): Promise<void> {
  const [run, later] = operands.map((each) => resolve(each)) as [string, string | undefined];
  const found = await runChanges(run, later, signal);
  if (file !== undefined) await writeImageList(resolve(file), found.list);
  output.json({ type: 'changes', run, ...(later !== undefined && { later }), ...found.changes });
  const words = changeWords(found.changes, l10n.t);
  const since = later === undefined ? l10n.t('Since the run {0}:', run) : l10n.t('From {0} to {1}:', run, later);
  output.line(`${since} ${words.join(', ') || l10n.t('nothing changed in the dataset')}.`);
}
