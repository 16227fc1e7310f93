/** The pages of comparisons: one editor panel each. */
import * as vscode from 'vscode';
import type { ComparisonState, FromComparison, KeptByComparison, ToComparison } from '../../webview/protocol.js';
import { commands, comparisonType } from '../contributions.js';
import { Panels } from '../webviews/panels.js';
import type { OwnMessage } from '../webviews/webviewHost.js';
import type { Comparing } from './comparing.js';
import type { ComparisonStore, KnownComparison } from './comparisonStore.js';

const { t } = vscode.l10n;

export class ComparisonPanels implements vscode.Disposable {
  readonly #panels: Panels<KnownComparison, ComparisonState, KeptByComparison, FromComparison, ToComparison>;
  readonly #subscriptions: vscode.Disposable[];

  constructor(
    extension: vscode.Uri,
    private readonly comparisons: ComparisonStore,
    private readonly comparing: Comparing,
    /** Shows the training panel with a dataset and a method chosen. */
    private readonly train: (dataset: string, method: string) => Promise<void>,
  ) {
    this.#panels = new Panels(extension, {
      type: comparisonType,
      view: 'comparison',
      key: ({ folder }) => folder,
      title: ({ name }) => t('Methods on {0}', name),
      state: (known) => this.#stateOf(known),
      changes: (known) => [{ type: 'patch', state: this.#stateOf(known) }],
      find: (kept) => this.comparisons.refresh(kept.comparison),
      onMessage: (message, { folder }) => this.#receive(folder, message),
    });
    this.#subscriptions = [
      this.#panels,
      comparisons.onChange((folder) => folder !== undefined && this.#panels.changed(folder)),
      comparing.onChange((folder) => this.#panels.changed(folder)),
    ];
  }

  show(known: KnownComparison): void {
    this.#panels.show(known);
  }

  close(folder: string): void {
    this.#panels.close(folder);
  }

  isVisible(folder: string): boolean {
    return this.#panels.isVisible(folder);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  /** `opened` is what it was opened with: before the first word of the trainer nothing lies on disk. */
  #stateOf(opened: KnownComparison): ComparisonState {
    const { folder, name, comparison } = this.comparisons.get(opened.folder) ?? opened;
    return { folder, name, comparison, work: this.comparing.workOn(folder) };
  }

  async #receive(folder: string, message: OwnMessage<FromComparison>): Promise<void> {
    switch (message.type) {
      case 'continue':
        await vscode.commands.executeCommand(commands.continueComparison, folder);
        return;
      case 'repeat':
        await vscode.commands.executeCommand(commands.continueComparison, folder, message.seeds);
        return;
      case 'stop':
        this.comparing.stop(folder);
        return;
      case 'reveal':
        await vscode.commands.executeCommand(commands.reveal, folder);
        return;
      case 'openRun':
        await vscode.commands.executeCommand(commands.openDashboard, message.run);
        return;
      case 'train': {
        const known = this.comparisons.get(folder);
        if (known) await this.train(known.comparison.dataset, message.method);
      }
    }
  }
}
