/** `vitune check`: the faults of a config, and what it comes to, without a training. */
import { text as readAll } from 'node:stream/consumers';
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { CommandOutputs } from '../protocol.js';
import { checkConfig } from '../training/checkConfig.js';
import type { Arguments } from './commands.js';
import { table, type Output } from './output.js';

/** Returns whether a training would begin. */
export async function check(
  { operands, stdin }: Arguments<'check'>,
  output: Output<CommandOutputs['check']>,
  signal: AbortSignal,
): Promise<boolean> {
  const [file] = operands as [string];
  const found = await checkConfig(resolve(file), stdin ? await readAll(process.stdin) : undefined, signal);
  output.json({ type: 'check', ...found });
  const { problems, model, dataset, plan, defaults } = found;
  const rows = [
    ...(model
      ? [[l10n.t('Model'), l10n.t('{0}, {1} blocks of width {2}', model.family, model.blocks, model.width)]]
      : []),
    ...(dataset
      ? [
          [
            l10n.t('Images'),
            l10n.t('{0} to train on, {1} to validate on', dataset.images.train, dataset.images.validation),
          ],
        ]
      : []),
    ...(plan?.steps ? [[l10n.t('Steps'), l10n.t('{0} of {1} images', plan.steps, plan.batchSize)]] : []),
    ...(defaults.learningRate ? [[l10n.t('Default learning rate'), String(defaults.learningRate.value)]] : []),
  ];
  if (rows.length) output.line(table(rows));
  for (const problem of problems) {
    if (!output.isJson) output.problem(problem);
    for (const { title } of problem.fixes) output.line(`  → ${title}`);
  }
  if (!problems.length) output.line(l10n.t('Nothing is wrong with this config.'));
  return problems.every(({ isWarning }) => isWarning);
}
