/** The line above a config: train with it, resume its run, ask for advice and an estimate, open its run. */
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { configEndings } from '../../shared/configNames.js';
import { commands } from '../contributions.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/runStore.js';

const { t } = vscode.l10n;

export const configFiles: vscode.DocumentSelector = configEndings.map((ending) => ({
  scheme: 'file',
  pattern: `**/*${ending}`,
}));

export class ConfigLens implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  readonly onDidChangeCodeLenses = this.#changed.event;
  #shown = '';

  constructor(private readonly runs: RunStore) {
    this.#subscription = runs.onChange(() => {
      // A line that is redrawn with every step could not be clicked.
      const shown = JSON.stringify(this.runs.runs.map((run) => [run.folder, run.info.config, run.resumable]));
      if (shown === this.#shown) return;
      this.#shown = shown;
      this.#changed.fire();
    });
  }

  dispose(): void {
    vscode.Disposable.from(this.#subscription, this.#changed).dispose();
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const own = this.runs.runs.filter((run) => isOf(run, uri.fsPath));
    const resumable = own.find((run) => run.resumable);
    const [newest] = own;
    const ofRun = (run: Run | undefined, title: string, command: string, tooltip: (name: string) => string) =>
      run ? [lens(title, command, run.folder, tooltip(run.info.name))] : [];
    return [
      lens(`$(play) ${t('Train with this config')}`, commands.trainConfig, uri),
      ...ofRun(resumable, `$(debug-continue) ${t('Resume')}`, commands.resumeTraining, (name) =>
        t('Continues “{0}” from its last checkpoint', name),
      ),
      lens(
        `$(lightbulb) ${t('Advise')}`,
        commands.adviseConfig,
        uri,
        t('Measures which model and method suit this dataset'),
      ),
      lens(
        `$(dashboard) ${t('Estimate')}`,
        commands.estimateConfig,
        uri,
        t('Measures time and memory with a trial of a few steps'),
      ),
      ...ofRun(newest, `$(graph-line) ${t('Open run')}`, commands.openDashboard, (name) =>
        t('Opens the dashboard of “{0}”', name),
      ),
    ];
  }
}

/** Where the whole project was moved, the run still says where its config was. */
function isOf({ folder, info }: Run, file: string): boolean {
  const isBeside = dirname(dirname(folder)) === dirname(file);
  return info.config === file || (isBeside && info.config.split(/[\\/]/).at(-1) === basename(file));
}

function lens(title: string, command: string, argument: vscode.Uri | string, tooltip = ''): vscode.CodeLens {
  return new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), { title, command, tooltip, arguments: [argument] });
}
