/** One run of the workspace: its folder, its events, its checkpoints and its status. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { comparisonFileName } from '../../shared/comparison.js';
import { runFiles } from '../../shared/runFolder.js';
import { advance, noProgress, type RunProgress } from '../../shared/runProgress.js';
import type { RecordedEvent, RunInfo } from '../../trainer/protocol.js';
import type { RunStatus, RunSummary } from '../../webview/protocol.js';
import {
  readCalibrated,
  readCheckpoints,
  readRunInfo,
  type Calibrated,
  type Checkpoint,
} from '../trainer/runFolder.js';
import { RunFollower, type RunListener } from '../trainer/runFollower.js';

export interface RunObserver {
  onEvents(run: Run, events: RecordedEvent[]): void;
  /** Something that a user sees of the run has changed. */
  onChange(run: Run): void;
  /** Its trainer is gone; `run.status` has the reason. */
  onGone(run: Run): void;
  onFailure(error: unknown): void;
}

/** A file of a run that cannot be read, or not in full. */
export interface Damage {
  /** Its name in the run folder. */
  file: string;
  reason: string;
}

export class Run {
  readonly #follower: RunFollower;
  #info: RunInfo | undefined;
  #damage: Damage | undefined;
  #checkpoints: Checkpoint[] = [];
  #calibrated: Calibrated | undefined;
  #progress: RunProgress = noProgress;
  #asked: 'start' | 'stop' | undefined;
  /** Whether the trainer that was started last was ever met alive. */
  #met = false;
  #inComparison = false;

  constructor(
    readonly folder: string,
    private readonly observer: RunObserver,
    inOwnWords?: (event: RecordedEvent) => RecordedEvent,
  ) {
    const listener: RunListener = {
      onEvents: (events) => this.#take(events),
      onAttached: (attached) => this.#attached(attached),
      onFailure: observer.onFailure,
    };
    this.#follower = new RunFollower(folder, listener, inOwnWords);
  }

  get info(): RunInfo {
    return this.#info ?? { name: basename(this.folder), config: '', createdAt: 0 };
  }

  /** It is the run of one method of a comparison, which shows it. */
  get inComparison(): boolean {
    return this.#inComparison;
  }

  /** The first file of it that cannot be read; undefined where all can. */
  get damage(): Damage | undefined {
    const { defect } = this.#follower;
    return this.#damage ?? (defect === undefined ? undefined : { file: runFiles.events, reason: defect });
  }

  get progress(): RunProgress {
    return this.#progress;
  }

  get events(): readonly RecordedEvent[] {
    return this.#follower.events;
  }

  get checkpoints(): readonly Checkpoint[] {
    return this.#checkpoints;
  }

  /** The checkpoint that classifies when the run is chosen: its best, else its last. */
  get bestCheckpoint(): Checkpoint | undefined {
    return (
      this.#checkpoints.find((row) => row.best) ?? this.#checkpoints.find((row) => row.last) ?? this.#checkpoints.at(-1)
    );
  }

  /** The calibration of its best checkpoint: a run that was stopped has one only if it was computed later. */
  get calibrated(): Calibrated | undefined {
    return this.#calibrated;
  }

  get status(): RunStatus {
    if (this.#follower.attached) return this.#asked === 'stop' ? 'stopping' : 'running';
    if (this.#asked === 'start') return 'starting';
    if (this.damage) return 'damaged';
    return this.#progress.end ?? 'interrupted';
  }

  /** Whether a trainer works on it or is about to. */
  get busy(): boolean {
    return this.#follower.attached || this.#asked === 'start';
  }

  /** A run that broke off before its first checkpoint is resumable too: it begins again in its folder. */
  get resumable(): boolean {
    return !this.busy && this.#info !== undefined && this.#progress.end !== 'finished';
  }

  get summary(): RunSummary {
    const { activity, epoch, step, loss, imagesPerSecond, validation, best, secondsLeft, finished, started } =
      this.#progress;
    return {
      folder: this.folder,
      name: this.info.name,
      status: this.status,
      resumable: this.resumable,
      device: started?.device,
      activity: this.busy ? activity : null,
      epoch,
      epochs: started?.epochs ?? 0,
      step,
      steps: started?.steps ?? 0,
      loss,
      imagesPerSecond,
      accuracy: validation?.accuracy,
      best,
      secondsLeft: this.busy ? secondsLeft : undefined,
      seconds: finished?.seconds,
    };
  }

  /** Looks at the folder again; false when it is not a run (any more). What cannot be read becomes `damage`. */
  async refresh(): Promise<boolean> {
    const about = await readRunInfo(this.folder);
    if (!about) return false;
    this.#info = about.value;
    this.#damage = about.defect === undefined ? undefined : { file: runFiles.about, reason: about.defect };
    this.#inComparison = existsSync(join(dirname(this.folder), comparisonFileName));
    await this.#look(runFiles.events, () => this.#follower.refresh());
    await this.#look(runFiles.checkpoints, async () => {
      await this.#readCheckpoints();
    });
    this.observer.onChange(this);
    return true;
  }

  async #look(file: string, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      this.#damage ??= { file, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Says that a trainer is being started for it, so that nobody starts a second; `false` takes it back. */
  starting(yes: boolean): void {
    this.#asked = yes ? 'start' : undefined;
    this.#met = false;
    this.observer.onChange(this);
  }

  /** Says that the trainer has begun, after a `refresh`. One that was done before anybody could meet it is gone. */
  begun(): void {
    this.#asked = undefined;
    this.observer.onChange(this);
    if (!this.#met) this.observer.onGone(this);
  }

  /** Requests the trainer to save and end; false when there is none. */
  stop(): boolean {
    if (!this.#follower.send({ type: 'stop' })) return false;
    this.#asked = 'stop';
    this.observer.onChange(this);
    return true;
  }

  dispose(): void {
    this.#follower.dispose();
  }

  #take(events: RecordedEvent[]): void {
    this.#progress = events.reduce(advance, this.#progress);
    this.observer.onEvents(this, events);
    this.observer.onChange(this);
    if (events.some((event) => event.type === 'checkpoint')) this.#reread();
  }

  #attached(attached: boolean): void {
    this.#asked = undefined;
    this.#met = true;
    this.observer.onChange(this);
    if (!attached) {
      this.observer.onGone(this);
      this.#reread();
    }
  }

  /** Checkpoints come and go with the training: older ones are removed by `saveTotalLimit`. */
  #reread(): void {
    this.#readCheckpoints()
      .then(() => this.observer.onChange(this))
      .catch(this.observer.onFailure);
  }

  async #readCheckpoints(): Promise<void> {
    this.#checkpoints = await readCheckpoints(this.folder);
    const best = this.#checkpoints.find((row) => row.best);
    this.#calibrated = best && (await readCalibrated(best.path));
  }
}
