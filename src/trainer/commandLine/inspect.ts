/** `vitune inspect`: what is in a dataset, and what is wrong with it. */
import * as l10n from '@vscode/l10n';
import { inspectDataset } from '../data/inspect.js';
import { provideDataset } from '../run/hubSources.js';
import { parseArguments } from './arguments.js';
import { bar, downloadStatus, formatError, table, type Output } from './output.js';

export async function inspect(args: string[], output: Output, signal: AbortSignal): Promise<void> {
  const { positionals } = parseArguments('inspect', args, { least: 1, most: 1 });
  const onDownload = (done: number, total: number): void => output.status(downloadStatus(done, total));
  const dataset = await provideDataset(positionals[0]!, { signal, onProgress: onDownload });
  const inspection = await inspectDataset(dataset, { signal, onProgress: (done, total) => output.status(`${bar(done / total)} ${done}/${total}`) });
  output.json(inspection);
  const header = [l10n.t('class'), l10n.t('train'), l10n.t('validation'), l10n.t('test')];
  output.line(table([header, ...inspection.counts.map(({ label, train, validation, test }) => [label, String(train), String(validation), String(test)])]));
  output.line(inspection.splits === 'folders' ? l10n.t('The splits are your folders.') : l10n.t('The validation split is drawn by seed.'));
  if (inspection.problems.length) output.line(`\n${l10n.t('Problems: {0}', inspection.problems.length)}\n${inspection.problems.map(formatError).join('\n')}`);
}
