/** "Recommended Models…": size, licence and purpose of models to begin with; one click downloads and chooses one. */
import * as vscode from 'vscode';
import type { ListedModel } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import { withoutIcons } from '../plainText.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';
import type { ModelOffer } from './hubCommands.js';

const { t } = vscode.l10n;

export const recommendedModels = (launch: Launch, panel: ModelOffer) => async (): Promise<void> => {
  const list = runCommand(launch, 'models', { args: [] }).then((outputs) => outputOf(outputs, 'models'));
  const items = list.then(({ models }) => [
    ...models.map((each) => ({ ...itemOf(each), each })),
    { label: t('Another model of the hub…'), each: undefined },
  ]);
  const chosen = await vscode.window.showQuickPick(items, {
    title: t('Recommended models: choose one to train with, or to download'),
    matchOnDescription: true,
    matchOnDetail: true,
    // The walkthrough takes the focus back when a step of it is done.
    ignoreFocusOut: true,
  });
  if (!chosen) return;
  const { each } = chosen;
  if (each?.isHere) return panel.chooseModel(each.model);
  const name = await vscode.commands.executeCommand<string | undefined>(commands.downloadModel, each?.model);
  if (name !== undefined) await panel.chooseModel(name);
};

function itemOf({ model, parameters, bytes, licence, purpose, isHere }: ListedModel): vscode.QuickPickItem {
  const millions = (count: number): string =>
    (count / 1e6).toLocaleString(vscode.env.language, { maximumFractionDigits: 1 });
  const size = parameters && bytes && t('{0} M parameters, {1} MB', millions(parameters), millions(bytes));
  const facts = [size, licence, isHere ? t('at hand') : undefined].filter(Boolean);
  return {
    label: model === 'embedded' ? t('Embedded (comes with ViTune)') : withoutIcons(model),
    description: facts.join(' · '),
    ...(purpose === undefined ? {} : { detail: withoutIcons(purpose) }),
  };
}
