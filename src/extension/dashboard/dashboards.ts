/** The dashboards: one editor panel a run, which comes back after a reload of the window. */
import * as vscode from 'vscode';
import type { RecordedEvent } from '../../trainer/protocol.js';
import type { DashboardState, FromDashboard, ToDashboard } from '../../webview/protocol.js';
import { commands, dashboardType } from '../contributions.js';
import type { ActiveCheckpointStore } from '../runs/activeCheckpoint.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/runStore.js';
import type { Training } from '../trainer/training.js';
import { tabIcon } from '../webviews/tabIcon.js';
import { showPage, type Page } from '../webviews/page.js';

interface Open {
  panel: vscode.WebviewPanel;
  page: Page<ToDashboard>;
  /** Not yet told. */
  events: RecordedEvent[];
  timer?: NodeJS.Timeout;
}

/** Milliseconds in which news is gathered before the view hears of it. */
const gather = 120;

export class Dashboards implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #open = new Map<string, Open>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(
    private readonly extension: vscode.Uri,
    private readonly runs: RunStore,
    private readonly training: Training,
    private readonly active: ActiveCheckpointStore,
  ) {
    this.#subscriptions = [
      vscode.window.registerWebviewPanelSerializer(dashboardType, this),
      runs.onEvents(({ run, events }) => this.#tell(run.folder, events)),
      runs.onChange((run) => run && this.#tell(run.folder)),
      active.onChange(() => [...this.#open.keys()].forEach((folder) => this.#tell(folder))),
    ];
  }

  show(run: Run): void {
    const open = this.#open.get(run.folder);
    if (open) open.panel.reveal();
    else this.#fill(vscode.window.createWebviewPanel(dashboardType, run.info.name, vscode.ViewColumn.Active), run);
  }

  /** The view keeps the folder of its run in its state. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, kept: { run?: string } | undefined): Promise<void> {
    const run = kept?.run === undefined ? undefined : (this.runs.get(kept.run) ?? (await this.runs.refresh(kept.run)));
    if (run) this.#fill(panel, run);
    // The run was deleted in the meantime.
    else panel.dispose();
  }

  dispose(): void {
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #fill(panel: vscode.WebviewPanel, run: Run): void {
    panel.iconPath = tabIcon(this.extension);
    const page = showPage<DashboardState, FromDashboard, ToDashboard>(panel.webview, {
      view: 'dashboard',
      extension: this.extension,
      state: () => ({ ...this.#stateOf(run), events: [...run.events] }),
      onMessage: (message) => this.#receive(message),
    });
    this.#open.set(run.folder, { panel, page, events: [] });
    panel.onDidDispose(() => {
      clearTimeout(this.#open.get(run.folder)?.timer);
      page.dispose();
      this.#open.delete(run.folder);
    });
  }

  #stateOf(run: Run): Omit<DashboardState, 'events'> {
    const active = this.active.current?.path;
    return {
      run: { folder: run.folder, ...run.info },
      status: run.status,
      resumable: run.resumable,
      checkpoints: run.checkpoints.map((row) => ({ ...row, active: row.path === active })),
      cellsOpen: false,
    };
  }

  #tell(folder: string, events: RecordedEvent[] = []): void {
    const open = this.#open.get(folder);
    if (!open) return;
    open.events.push(...events);
    open.timer ??= setTimeout(() => {
      open.timer = undefined;
      const fresh = open.events.splice(0);
      if (fresh.length > 0) open.page.post({ type: 'events', events: fresh });
      const run = this.runs.get(folder);
      if (run) open.page.post({ type: 'patch', state: this.#stateOf(run) });
    }, gather);
  }

  async #receive(message: Exclude<FromDashboard, { type: 'ready' | 'openPlace' | 'openLog' }>): Promise<void> {
    switch (message.type) {
      case 'stop': {
        const run = this.runs.get(message.run);
        if (run) await this.training.stop(run);
        return;
      }
      case 'resume':
        await vscode.commands.executeCommand(commands.resumeTraining, message.run);
        return;
      case 'openConfig':
        await vscode.window.showTextDocument(vscode.Uri.file(message.file));
        return;
      case 'revealRun':
        await vscode.commands.executeCommand(commands.reveal, message.run);
        return;
      case 'useCheckpoint':
        await this.active.choose(message.path);
        return;
      case 'revealCheckpoint':
        await vscode.commands.executeCommand(commands.reveal, message.path);
        return;
      case 'confusionCell':
        // Never sent: `cellsOpen` is false, since the run's events do not say which picture was taken for what.
        throw new Error('A cell of the confusion matrix was clicked though cells are closed');
    }
  }
}
