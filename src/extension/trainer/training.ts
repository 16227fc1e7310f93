/**
 * Starting, resuming and stopping training in the editor: progress, refusals, and notifications about the end of a run.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { AgainFrom } from '../../shared/runFolder.js';
import { commands, type Settings } from '../contributions.js';
import { errors } from '../errors/errors.js';
import { ShownError } from '../errors/shownError.js';
import { showError } from '../errors/showError.js';
import { downloadWords } from '../hub/hubCommands.js';
import { log } from '../log/log.js';
import { notify } from '../notify.js';
import { withProgress } from '../progress.js';
import type { ActiveCheckpointStore } from '../runs/activeCheckpoint.js';
import { formats } from '../formats.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/runStore.js';
import { hasRunOutOfMemory, isKilled, type StartOptions, type Supervisor } from './supervisor.js';

const { t } = vscode.l10n;

/**
 * A trainer that is stopping saves a checkpoint after the current step; if it takes longer than this, the user is
 * asked.
 */
const patience = 60_000;

export class Training implements vscode.Disposable {
  readonly #failed = new vscode.EventEmitter<unknown>();
  readonly #accepted = new vscode.EventEmitter<Run>();
  readonly #subscription: vscode.Disposable;

  /** An attempt to start failed. */
  readonly onFailed = this.#failed.event;
  /** A trainer has begun. */
  readonly onAccepted = this.#accepted.event;

  constructor(
    private readonly supervisor: Supervisor,
    private readonly runs: RunStore,
    private readonly active: ActiveCheckpointStore,
  ) {
    this.#subscription = runs.onGone((run) => void this.#reportEnd(run));
  }

  /** Starts a run of a config file. Throws what is wrong after telling `onFailed`. */
  async start(config: string): Promise<Run> {
    this.#requireIdle(config);
    return this.#launch(config, t('Starting “{0}”…', basename(config)));
  }

  /** Trains as a run was trained, on its dataset as it is now and the same validation images. Throws as `start`. */
  async again({ folder, info }: Run, from: AgainFrom): Promise<Run> {
    this.#requireIdle(info.config);
    return this.#launch(info.config, t('Starting “{0}” again…', info.name), { again: { run: folder, from } });
  }

  #requireIdle(config: string): void {
    const busy = this.runs.runs.find((run) => run.info.config === config && run.busy);
    if (busy || this.supervisor.isStarting(config)) throw errors.alreadyRunning(busy?.info.name ?? basename(config));
  }

  /** Continues a run from its last checkpoint. */
  async resume(run: Run): Promise<Run> {
    if (run.busy || this.supervisor.isStarting(run.info.config)) throw errors.alreadyRunning(run.info.name);
    if (!run.resumable) throw errors.runFinished(run.info.name);
    run.starting(true);
    try {
      // The folder of a run also holds its config, in case the user's own file is gone.
      const config = existsSync(run.info.config) ? run.info.config : join(run.folder, 'config.json');
      return await this.#launch(config, t('Resuming “{0}”…', basename(run.folder)), { resume: run.folder });
    } catch (error) {
      run.starting(false);
      throw error;
    }
  }

  /** Requests a run's trainer to save a checkpoint and end. */
  async stop(run: Run): Promise<void> {
    if (!run.stop()) return;
    const ended = new Promise<boolean>((resolve) => {
      const finish = (yes: boolean) => {
        clearTimeout(timer);
        subscription.dispose();
        resolve(yes);
      };
      const subscription = this.runs.onGone((gone) => gone === run && finish(true));
      const timer = setTimeout(() => finish(false), patience);
    });
    if (!(await ended) && run.busy) {
      void notify(
        'warning',
        t('“{0}” has not stopped yet: it saves a checkpoint after the current step.', run.info.name),
      );
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#failed.dispose();
    this.#accepted.dispose();
  }

  async #launch(config: string, title: string, options: Pick<StartOptions, 'resume' | 'again'> = {}): Promise<Run> {
    try {
      const folder = await withProgress(title, (signal, report) =>
        this.supervisor.start(config, {
          ...options,
          signal,
          onDownload: (progress) => report(downloadWords(progress)),
        }),
      );
      log().info(`Training ${config} in ${folder}; the trainer prints to ${this.supervisor.logOf(config)}`);
      const run = await this.runs.add(folder);
      this.#accepted.fire(run);
      run.begun();
      return run;
    } catch (error) {
      this.#failed.fire(error);
      throw error;
    }
  }

  /** Word of the end of a run that this window followed. */
  async #reportEnd(run: Run): Promise<void> {
    const { name } = run.info;
    const { status, progress } = run;
    // A run that failed before it began is reported by its starter, and leaves no folder behind; the page of a
    // comparison reports its own.
    if (run.inComparison || !progress.started || this.supervisor.isStarting(run.info.config)) return;
    log().info(`“${name}” ended: ${status}`);
    if (status === 'finished') await this.#reportFinished(run);
    else if (status === 'failed' && progress.error) await this.#reportFailed(run);
    else if (status === 'interrupted') {
      const tail = await this.supervisor.tailOf(run.info.config);
      log().error(`The trainer of ${run.folder} is gone. Its last words:\n${tail}`);
      const isKilledRun = isKilled(await this.supervisor.endingOf(run.info.config)) || hasRunOutOfMemory(tail);
      await showError(isKilledRun ? errors.runKilled(name) : errors.runInterrupted(name), [
        ...this.#resume(run),
        { title: t('Show Log'), run: () => log().show() },
      ]);
    }
  }

  async #reportFinished(run: Run): Promise<void> {
    if (this.active.current === undefined) await this.active.choose(run.folder);
    if (!vscode.workspace.getConfiguration('vitune').get<Settings['notifyWhenFinished']>('notifyWhenFinished', true))
      return;
    const open = {
      title: t('Open Dashboard'),
      run: () => vscode.commands.executeCommand(commands.openDashboard, run.folder),
    };
    const use = { title: t('Use to Classify'), run: () => this.active.choose(run.folder) };
    const { again } = run.info;
    const compare = again && {
      title: t('Compare with “{0}”', basename(again.run)),
      run: () => vscode.commands.executeCommand(commands.compareRuns, run.folder, again.run),
    };
    const isActive = this.active.chosen === run.folder;
    await notify(
      'info',
      t(
        '“{0}” is trained: {1} of the validation images are classified correctly.',
        run.info.name,
        formats().percent(run.progress.best?.accuracy ?? 0),
      ),
      ...(compare ? [compare] : []),
      ...(isActive ? [open] : [open, use]),
    );
  }

  async #reportFailed(run: Run): Promise<void> {
    const { error } = run.progress;
    if (!error) return;
    await showError(new ShownError(error), this.#resume(run));
  }

  #resume(run: Run): { title: string; run: () => unknown }[] {
    return run.resumable
      ? [{ title: t('Resume'), run: () => vscode.commands.executeCommand(commands.resumeTraining, run.folder) }]
      : [];
  }
}
