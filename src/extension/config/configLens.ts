/** The line above a config file's first: train with it. */
import * as vscode from 'vscode';
import { commands } from '../contributions.js';

export const configFiles: vscode.DocumentSelector = { scheme: 'file', pattern: '**/*.vitune.json' };

export class ConfigLens implements vscode.CodeLensProvider {
  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const title = `$(play) ${vscode.l10n.t('Train with this config')}`;
    return [
      new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), {
        title,
        command: commands.trainConfig,
        arguments: [document.uri],
      }),
    ];
  }
}
