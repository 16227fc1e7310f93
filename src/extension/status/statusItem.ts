/** The one status-bar item: what is being trained and how far, else which checkpoint classifies. */
import * as vscode from 'vscode';
import { percentTaken } from '../../shared/runProgress.js';
import { commands } from '../contributions.js';
import { withoutIcons } from '../plainText.js';
import type { ActiveCheckpointStore } from '../runs/activeCheckpoint.js';
import type { Run } from '../runs/run.js';
import { formats } from '../formats.js';
import type { RunStore } from '../runs/runStore.js';

const { t } = vscode.l10n;

export class StatusItem implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('vitune', vscode.StatusBarAlignment.Left);
  readonly #subscriptions: vscode.Disposable[];
  #waiting: NodeJS.Timeout | undefined;

  constructor(
    private readonly runs: RunStore,
    private readonly active: ActiveCheckpointStore,
  ) {
    this.#item.name = 'ViTune';
    this.#subscriptions = [
      this.#item,
      runs.onChange(() => {
        this.#waiting ??= setTimeout(() => {
          this.#waiting = undefined;
          this.#show();
        }, 200);
      }),
      active.onChange(() => this.#show()),
    ];
    this.#show();
  }

  dispose(): void {
    clearTimeout(this.#waiting);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #show(): void {
    const running = this.runs.current?.busy ? this.runs.current : undefined;
    if (running) this.#showRunning(running);
    else this.#showIdle();
    this.#item.show();
  }

  #showRunning(run: Run): void {
    const { summary } = run;
    const parts = [summary.step === 0 ? t('preparing…') : formats().wholePercent(percentTaken(summary) / 100)];
    if (summary.best) parts.push(t('{0} right', formats().percent(summary.best.accuracy)));
    this.#item.text = `$(sync~spin) ${parts.join(' · ')}`;
    this.#item.tooltip = t('ViTune trains “{0}”. Click for its dashboard.', summary.name);
    this.#item.command = { command: commands.openDashboard, title: t('Open Dashboard'), arguments: [run.folder] };
    this.#item.accessibilityInformation = { label: `ViTune: ${summary.name}, ${parts.join(', ')}` };
  }

  #showIdle(): void {
    const checkpoint = this.active.current;
    this.#item.text = checkpoint
      ? `$(target) ${t('{0}, step {1}', withoutIcons(checkpoint.run), formats().integer(checkpoint.step))}`
      : '$(symbol-misc) ViTune';
    this.#item.tooltip = checkpoint
      ? t('This checkpoint classifies your images. Click to choose another.')
      : t('Train an image classifier with ViTune.');
    this.#item.command = checkpoint ? commands.setActiveCheckpoint : commands.startTraining;
    this.#item.accessibilityInformation = undefined;
  }
}
