/** `vitune models`: which models to begin with, and which are at hand. */
import * as l10n from '@vscode/l10n';
import { listModels } from '../models/recommendedModels.js';
import type { CommandOutputs, ListedModel } from '../protocol.js';
import type { Arguments } from './commands.js';
import { table, type Output } from './output.js';

const sizeOf = ({ parameters, bytes }: ListedModel): string =>
  parameters === undefined || bytes === undefined
    ? ''
    : l10n.t('{0} M parameters, {1} MB', (parameters / 1e6).toFixed(1), Math.round(bytes / 1e6));

export async function models(_: Arguments<'models'>, output: Output<CommandOutputs['models']>): Promise<void> {
  const list = await listModels();
  output.json(list);
  const rows = list.models.map((each) => [
    each.model,
    sizeOf(each),
    each.licence ?? '',
    each.isHere ? l10n.t('at hand') : '',
    each.purpose ?? '',
  ]);
  output.line(table(rows));
  output.line(
    l10n.t('Sizes and licences as of {0}; the page of a model on the hub has the terms that apply.', list.checked),
  );
  output.line(l10n.t('“vitune download NAME” downloads one; a config names it as its model.'));
}
