/** The dashboards: one editor panel a run. */
import * as vscode from 'vscode';
import type { RecordedEvent } from '../../trainer/protocol.js';
import type { DashboardState, FromDashboard, KeptByDashboard, ToDashboard } from '../../webview/protocol.js';
import { serves, type RunChanges } from '../again/runChanges.js';
import { setInConfig } from '../config/setInConfig.js';
import { commands, dashboardType } from '../contributions.js';
import { openPlace } from '../errors/openPlace.js';
import type { ActiveCheckpointStore } from '../runs/activeCheckpoint.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/runStore.js';
import type { Training } from '../trainer/training.js';
import { historyOf } from './history.js';
import type { RunImages } from './runImages.js';
import { Panels } from '../webviews/panels.js';
import type { OwnMessage } from '../webviews/webviewHost.js';

export class Dashboards implements vscode.Disposable {
  readonly #panels: Panels<Run, DashboardState, KeptByDashboard, FromDashboard, ToDashboard, RecordedEvent>;
  readonly #subscriptions: vscode.Disposable[];

  constructor(
    extension: vscode.Uri,
    private readonly runs: RunStore,
    private readonly training: Training,
    private readonly active: ActiveCheckpointStore,
    private readonly images: RunImages,
    private readonly changes: RunChanges,
    onFailure: (error: unknown) => void,
  ) {
    this.#panels = new Panels(extension, {
      type: dashboardType,
      view: 'dashboard',
      key: (run) => run.folder,
      title: (run) => run.info.name,
      state: (opened) => {
        const run = this.#asItIs(opened);
        return { ...this.#stateOf(run), history: JSON.stringify(historyOf(run)) };
      },
      changes: (run, events) => [
        ...(events.length > 0 ? [{ type: 'events' as const, events }] : []),
        { type: 'patch', state: this.#stateOf(this.#asItIs(run)) },
      ],
      find: async (kept) => this.runs.get(kept.run) ?? (await this.runs.refresh(kept.run)),
      onMessage: (message, run) => this.#receive(message, this.#asItIs(run)),
      onClose: (run) => void images.forget(run.folder).catch(onFailure),
    });
    images.clear().catch(onFailure);
    this.#subscriptions = [
      this.#panels,
      runs.onEvents(({ run, events }) => this.#panels.changed(run.folder, events)),
      runs.onChange((run) => run && this.#panels.changed(run.folder)),
      active.onChange(() => this.#panels.keys.forEach((key) => this.#panels.changed(key))),
      changes.onChange(() => this.#panels.keys.forEach((key) => this.#panels.changed(key))),
    ];
  }

  show(run: Run): void {
    this.#panels.show(run);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  /** The folder may have been deleted and created again. */
  #asItIs(opened: Run): Run {
    return this.runs.get(opened.folder) ?? opened;
  }

  #stateOf(run: Run): Omit<DashboardState, 'history'> {
    const active = this.active.current?.path;
    return {
      run: { folder: run.folder, ...run.info },
      status: run.status,
      resumable: run.resumable,
      isTrained: serves(run),
      calibrated: calibratedOf(run),
      again: this.#earlierOf(run),
      changed: this.changes.since(run)?.words ?? null,
      checkpoints: run.checkpoints.map((row) => ({ ...row, active: row.path === active })),
    };
  }

  /** It may be deleted by now. */
  #earlierOf({ info: { again } }: Run): DashboardState['again'] {
    const earlier = again && this.runs.get(again.run);
    return earlier ? { folder: earlier.folder, name: earlier.info.name } : null;
  }

  async #receive(message: OwnMessage<FromDashboard>, shown: Run): Promise<void> {
    switch (message.type) {
      case 'stop': {
        const run = this.runs.get(message.run);
        if (run) await this.training.stop(run);
        return;
      }
      case 'resume':
        await vscode.commands.executeCommand(commands.resumeTraining, message.run);
        return;
      case 'trainAgain':
        await vscode.commands.executeCommand(commands.trainAgain, message.run);
        return;
      case 'compareRuns':
        await vscode.commands.executeCommand(commands.compareRuns, message.run, message.earlier);
        return;
      case 'calibrate':
        await vscode.commands.executeCommand(commands.calibrate, message.run);
        return;
      case 'openConfig':
        await openPlace(message);
        return;
      case 'applyFix': {
        const fix = shown.progress.course.found.find(({ code }) => code === message.code)?.fix;
        if (fix) await setInConfig(shown.info.config, fix.key, fix.value);
        return;
      }
      case 'revealRun':
        await vscode.commands.executeCommand(commands.reveal, message.run);
        return;
      case 'useCheckpoint':
        await this.active.choose(message.path);
        return;
      case 'revealCheckpoint':
        await vscode.commands.executeCommand(commands.reveal, message.path);
        return;
      case 'showImages':
        await this.images.show(shown, message);
    }
  }
}

/** What a run at work has computed so far is in its events; a calibration that was computed later is not. */
function calibratedOf(run: Run): DashboardState['calibrated'] {
  if (run.busy || !run.checkpoints.some((row) => row.best)) return null;
  return run.calibrated ?? 'missing';
}
