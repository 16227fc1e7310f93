/** `vitune compare`: the methods, each with its defaults, on one dataset, split and seed. */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { methodSchemas } from '../config/methods.js';
import { errors } from '../errors/errors.js';
import { compare as compareMethods } from './compareMethods.js';
import type { CommandOutputs } from '../protocol.js';
import { comparisonCells } from './comparisonTable.js';
import type { Arguments } from './commands.js';
import { pairedLines } from './pairedRows.js';
import { usageOf } from './help.js';
import { bar, formatError, table, type Output } from './output.js';

/** What a comparison sets itself. */
const ownKeys = /^(method|dataset|output)(\.|=)/;

/** A model's folder is named from where the command is called; the configs of the comparison lie elsewhere. */
function fromHere(setting: string): string {
  const folder = /^model=(.+)$/.exec(setting)?.[1];
  return folder !== undefined && existsSync(join(folder, 'config.json')) ? `model=${resolve(folder)}` : setting;
}

export async function compare(
  { dataset, methods, set, seeds, output: given }: Arguments<'compare'>,
  output: Output<CommandOutputs['compare']>,
  signal: AbortSignal,
): Promise<boolean> {
  const known = Object.keys(methodSchemas());
  const wanted = methods?.split(',').map((name) => name.trim()) ?? known;
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length)
    throw errors.usage(
      l10n.t('There is no method {0}; there are {1}.', unknown.join(', '), known.join(', ')),
      usageOf('compare'),
    );
  const taken = set.find((setting) => ownKeys.test(setting));
  if (taken) throw errors.usage(l10n.t('--set {0}: a comparison sets this itself.', taken), usageOf('compare'));
  const folder = resolve(given ?? join('runs', `compare-${basename(resolve(dataset))}`));
  let steps = 1;
  const comparison = await compareMethods({
    dataset: dataset,
    methods: wanted,
    settings: set.map(fromHere),
    seeds,
    output: folder,
    signal,
    onEvent(method, event) {
      output.json({ method, ...event });
      if (event.type === 'started') ({ steps } = event);
      if (event.type === 'step')
        output.status(`${bar(event.step / steps)} ${l10n.t('{0}: step {1}/{2}', method, event.step, steps)}`);
      if (event.type === 'progress') output.status(`${bar(event.done / event.total)} ${method}: ${event.phase}`);
    },
    onRow(row) {
      output.json({ type: 'row', ...row });
      if (row.error) output.line(formatError(row.error));
      else output.line(l10n.t('{0} done after {1} s', row.method, row.seconds!.toFixed(1)));
    },
  });
  output.json({ type: 'comparison', folder, ...comparison });
  output.line(`\n${table(comparisonCells(comparison))}\n`);
  for (const line of pairedLines(comparison.rows)) output.line(line);
  output.line(l10n.t('Written to {0}', folder));
  return comparison.rows.some(({ error }) => !error);
}
