/** The pages of comparisons: one editor panel each, which comes back after a reload of the window. */
import * as vscode from 'vscode';
import type { ComparisonState, FromComparison, ToComparison } from '../../webview/protocol.js';
import { commands, comparisonType } from '../contributions.js';
import { tabIcon } from '../webviews/tabIcon.js';
import { showPage, type Page } from '../webviews/page.js';
import type { Comparing } from './comparing.js';
import type { ComparisonStore, KnownComparison } from './comparisonStore.js';

const { t } = vscode.l10n;

interface Open {
  panel: vscode.WebviewPanel;
  page: Page<ToComparison>;
  /** What it was opened with: before the first word of the trainer nothing lies on disk. */
  known: KnownComparison;
  timer?: NodeJS.Timeout;
}

/** Milliseconds in which news is gathered before the view hears of it. */
const gather = 200;

export class ComparisonPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #open = new Map<string, Open>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(
    private readonly extension: vscode.Uri,
    private readonly comparisons: ComparisonStore,
    private readonly comparing: Comparing,
    /** Shows the training panel with a dataset and a method chosen. */
    private readonly train: (dataset: string, method: string) => Promise<void>,
  ) {
    this.#subscriptions = [
      vscode.window.registerWebviewPanelSerializer(comparisonType, this),
      comparisons.onChange((folder) => folder !== undefined && this.#tell(folder)),
      comparing.onChange((folder) => this.#tell(folder)),
    ];
  }

  show(known: KnownComparison): void {
    const open = this.#open.get(known.folder);
    if (open) open.panel.reveal();
    else this.#fill(vscode.window.createWebviewPanel(comparisonType, t('Methods on {0}', known.name), vscode.ViewColumn.Active), known);
  }

  close(folder: string): void {
    this.#open.get(folder)?.panel.dispose();
  }

  /** Whether the person sees it now. */
  isVisible(folder: string): boolean {
    return this.#open.get(folder)?.panel.visible ?? false;
  }

  /** The view keeps the folder in its state. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, kept: { comparison?: string } | undefined): Promise<void> {
    const known = kept?.comparison === undefined ? undefined : await this.comparisons.refresh(kept.comparison);
    if (known) this.#fill(panel, known);
    // It was deleted in the meantime.
    else panel.dispose();
  }

  dispose(): void {
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #fill(panel: vscode.WebviewPanel, known: KnownComparison): void {
    const { folder } = known;
    panel.iconPath = tabIcon(this.extension);
    const page = showPage<ComparisonState, FromComparison, ToComparison>(panel.webview, {
      view: 'comparison',
      extension: this.extension,
      state: () => this.#stateOf(this.comparisons.get(folder) ?? known),
      onMessage: (message) => this.#receive(folder, message),
    });
    this.#open.set(folder, { panel, page, known });
    panel.onDidDispose(() => {
      clearTimeout(this.#open.get(folder)?.timer);
      page.dispose();
      this.#open.delete(folder);
    });
  }

  #stateOf({ folder, name, comparison }: KnownComparison): ComparisonState {
    return { folder, name, comparison, work: this.comparing.workOn(folder) };
  }

  #tell(folder: string): void {
    const open = this.#open.get(folder);
    if (!open) return;
    open.timer ??= setTimeout(() => {
      open.timer = undefined;
      open.page.post({ type: 'patch', state: this.#stateOf(this.comparisons.get(folder) ?? open.known) });
    }, gather);
  }

  async #receive(folder: string, message: Exclude<FromComparison, { type: 'ready' | 'openPlace' | 'openLog' }>): Promise<void> {
    switch (message.type) {
      case 'continue':
        await vscode.commands.executeCommand(commands.continueComparison, folder);
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
