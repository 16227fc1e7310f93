/** One run of the workspace: its folder, its events, its checkpoints and where it stands. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { RecordedEvent, RunInfo } from '../../trainer/protocol.js';
import type { RunStatus, RunSummary } from '../../webview/protocol.js';
import { comparisonFile, readCheckpoints, readRunInfo, type Checkpoint } from '../trainer/runFolder.js';
import { RunFollower } from '../trainer/runFollower.js';
import { advance, noProgress, type Progress } from './runProgress.js';

export interface RunObserver {
  onEvents(run: Run, events: RecordedEvent[]): void;
  /** Anything that a person sees of the run is another now. */
  onChange(run: Run): void;
  /** Its trainer is gone; `run.status` tells how. */
  onGone(run: Run): void;
  onFailure(error: unknown): void;
}

export class Run {
  readonly #follower: RunFollower;
  #info: RunInfo | undefined;
  #checkpoints: Checkpoint[] = [];
  #progress: Progress = noProgress;
  #asked: 'start' | 'stop' | undefined;
  /** Whether the trainer that was started last was ever met alive. */
  #met = false;
  #inComparison = false;

  constructor(
    readonly folder: string,
    private readonly observer: RunObserver,
  ) {
    this.#follower = new RunFollower(folder, {
      onEvents: (events) => this.#take(events),
      onAttached: (attached) => this.#attached(attached),
      onFailure: observer.onFailure,
    });
  }

  get info(): RunInfo {
    return this.#info ?? { name: basename(this.folder), config: '', createdAt: 0 };
  }

  /** It is that of one method of a comparison, which tells of it. */
  get inComparison(): boolean {
    return this.#inComparison;
  }

  get progress(): Progress {
    return this.#progress;
  }

  get events(): readonly RecordedEvent[] {
    return this.#follower.events;
  }

  get checkpoints(): readonly Checkpoint[] {
    return this.#checkpoints;
  }

  /** The checkpoint that answers for the run: its best, else its last. */
  get bestCheckpoint(): Checkpoint | undefined {
    return (
      this.#checkpoints.find((row) => row.best) ?? this.#checkpoints.find((row) => row.last) ?? this.#checkpoints.at(-1)
    );
  }

  get status(): RunStatus {
    if (this.#follower.attached) return this.#asked === 'stop' ? 'stopping' : 'running';
    if (this.#asked === 'start') return 'starting';
    return this.#progress.end ?? 'interrupted';
  }

  /** Whether a trainer works on it or is about to. */
  get busy(): boolean {
    return this.#follower.attached || this.#asked === 'start';
  }

  /** A run that broke off before its first checkpoint is resumable too: it begins anew in its folder. */
  get resumable(): boolean {
    return !this.busy && this.#progress.end !== 'finished';
  }

  get summary(): RunSummary {
    const { activity, epoch, step, loss, imagesPerSecond, accuracy, best, secondsLeft, seconds, started } =
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
      accuracy,
      best,
      secondsLeft: this.busy ? secondsLeft : undefined,
      seconds,
    };
  }

  /** Looks at the folder again; false when it is no run (any more). */
  async refresh(): Promise<boolean> {
    this.#info = await readRunInfo(this.folder);
    if (!this.#info) return false;
    this.#inComparison = existsSync(join(dirname(this.folder), comparisonFile));
    await this.#follower.refresh();
    this.#checkpoints = await readCheckpoints(this.folder);
    this.observer.onChange(this);
    return true;
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

  /** Asks the trainer to save and end; false when there is none. */
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
    readCheckpoints(this.folder)
      .then((rows) => {
        this.#checkpoints = rows;
        this.observer.onChange(this);
      })
      .catch(this.observer.onFailure);
  }
}
