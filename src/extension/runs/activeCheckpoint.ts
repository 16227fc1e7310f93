/** The checkpoint that classifies at present: a run's best one as it changes, or one that was chosen by hand. */
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import type { PathSetting } from '../config/pathSetting.js';
import type { RunStore } from './runStore.js';

export interface ActiveCheckpoint {
  /** Checkpoint folder. */
  path: string;
  /** Name of the run it belongs to. */
  run: string;
  step: number;
}

export class ActiveCheckpointStore implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<ActiveCheckpoint | undefined>();
  readonly #subscriptions: vscode.Disposable[];
  #announced: string | undefined;

  /** Another checkpoint is active now. */
  readonly onChange = this.#changed.event;

  constructor(
    private readonly setting: PathSetting,
    private readonly runs: RunStore,
  ) {
    this.#subscriptions = [runs.onChange(() => this.#report()), setting.onChange(() => this.#report())];
    this.#announced = this.current?.path;
  }

  /** What was chosen: the folder of a run (its best checkpoint, whichever that is) or of one checkpoint. */
  get chosen(): string | undefined {
    return this.setting.paths[0];
  }

  get current(): ActiveCheckpoint | undefined {
    const { chosen } = this;
    if (chosen === undefined) return undefined;
    const run = this.runs.get(chosen);
    if (run) {
      const best = run.bestCheckpoint;
      return best && { path: best.path, run: run.info.name, step: best.step };
    }
    // RUN/checkpoints/STEP, which need not be a run of this window.
    if (basename(dirname(chosen)) !== 'checkpoints' || !existsSync(chosen)) return undefined;
    const folder = dirname(dirname(chosen));
    return { path: chosen, run: this.runs.get(folder)?.info.name ?? basename(folder), step: Number(basename(chosen)) };
  }

  /** `folder`: of a run or of a checkpoint. */
  async choose(folder: string): Promise<void> {
    await this.setting.write([folder]);
    this.#report();
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions, this.#changed).dispose();
  }

  #report(): void {
    const { current } = this;
    if (current?.path === this.#announced) return;
    this.#announced = current?.path;
    this.#changed.fire(current);
  }
}
