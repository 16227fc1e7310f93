/** Training from config files: start one, train with one, make a new one. */
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { configEnding, configEndings } from '../../shared/configNames.js';
import { commands } from '../contributions.js';
import { pickDataset } from '../datasets/pickDataset.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import type { DatasetNode } from '../datasets/datasetsTree.js';
import type { TrainPanel } from '../trainPanel/trainPanel.js';
import type { ConfigHome } from './configHome.js';
import type { Training } from '../trainer/training.js';
import { asConfigPath, pathInConfig } from './configFile.js';
import { savedText } from './savedText.js';

const { t } = vscode.l10n;

export function configCommands(panel: TrainPanel, training: Training, datasets: DatasetStore, home: ConfigHome) {
  const train = async (config: vscode.Uri) => {
    if ((await savedText(config.fsPath)) === undefined) return;
    const run = await training.start(config.fsPath);
    await vscode.commands.executeCommand(commands.openDashboard, run.folder);
  };
  return {
    [commands.startTraining]: async () => {
      const configs = await vscode.workspace.findFiles(
        `**/*{${configEndings.join(',')}}`,
        '**/{node_modules,runs}/**',
        200,
      );
      if (configs.length === 0) return panel.open();
      const form = {
        label: t('Fill in the Form…'),
        description: t('in the Train view'),
        iconPath: new vscode.ThemeIcon('edit'),
        uri: undefined,
      };
      const files = configs.map((uri) => ({
        label: basename(uri.fsPath),
        description: vscode.workspace.asRelativePath(uri),
        iconPath: new vscode.ThemeIcon('json'),
        uri,
      }));
      const chosen = await vscode.window.showQuickPick([form, ...files], {
        title: t('Train with what?'),
        matchOnDescription: true,
      });
      if (!chosen) return;
      return chosen.uri ? train(chosen.uri) : panel.open();
    },
    [commands.trainDataset]: async (given?: DatasetNode | vscode.Uri | string) => {
      const folder = await pickDataset(datasets, given);
      if (folder === undefined) return;
      if (!datasets.folders.includes(folder)) await datasets.add(folder);
      await panel.open(folder);
    },
    [commands.trainConfig]: async (given?: vscode.Uri) => {
      const uri = given ?? vscode.window.activeTextEditor?.document.uri;
      if (uri) await train(uri);
    },
    [commands.newConfig]: () => newConfig(datasets, home),
  };
}

async function newConfig(datasets: DatasetStore, home: ConfigHome): Promise<void> {
  const [known] = datasets.folders;
  const parent = home.workspaceFolder(known);
  const uri = await vscode.window.showSaveDialog({
    title: t('New config file'),
    ...(parent ? { defaultUri: vscode.Uri.file(join(parent, `training${configEnding}`)) } : {}),
    filters: { [t('ViTune config')]: ['json'] },
  });
  if (!uri) return;
  const file = uri.with({ path: asConfigPath(uri.path) });
  const folder = join(file.fsPath, '..');
  const dataset = known === undefined ? 'photos' : pathInConfig(folder, known);
  const lines = [
    '{',
    `  // ${t('A folder with one folder of images for each class; paths are relative to this file.')}`,
    `  "dataset": ${JSON.stringify(dataset)},`,
    `  // ${t('The model to start from: the one that comes with ViTune, or a folder in Hugging Face format.')}`,
    '  "model": "embedded",',
    `  // ${t('The method by its name; an object with "type" takes options. Ctrl+Space shows all there is.')}`,
    '  "method": "lora",',
    '  "epochs": 10',
    '}',
    '',
  ];
  await vscode.workspace.fs.writeFile(file, Buffer.from(lines.join('\n')));
  await vscode.window.showTextDocument(file);
}
