/** What changed in the datasets of runs since they were trained: looked up for what is shown, and when files change. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { changeWords, isChanged, type DatasetChanges } from '../../shared/datasetChanges.js';
import { runFiles } from '../../shared/runFolder.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import { infoOf } from '../errors/showError.js';
import { log } from '../log/log.js';
import { count } from '../runs/count.js';
import { datasetOfRun } from '../runs/datasetOfRun.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';

const { t } = vscode.l10n;

/** A run whose dataset is another by now. */
export interface ChangedSince {
  run: Run;
  /** `7 labels changed`, … */
  words: string;
}

export class RunChanges implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[];
  /** By the folder of the run; undefined: it cannot be said. */
  readonly #known = new Map<string, DatasetChanges | undefined>();
  /** The datasets of runs by their folders; undefined: it is no single folder or file. */
  readonly #datasets = new Map<string, string | undefined>();
  /** Folders of runs to look at, one after the other. */
  readonly #waiting = new Set<string>();
  #isLooking = false;
  readonly #closed = new AbortController();

  readonly onChange = this.#changed.event;

  constructor(
    private readonly launch: Launch,
    private readonly runs: RunStore,
    datasets: DatasetStore,
  ) {
    this.#subscriptions = [
      this.#changed,
      datasets.onDisk((dataset) => this.#lookAgain(dataset)),
      runs.onChange((run) => void this.#placeRuns(run ? [run] : runs.runs)),
    ];
  }

  /** What changed since the run; undefined: nothing, or it is not known (yet). */
  since(run: Run): ChangedSince | undefined {
    if (!serves(run)) return undefined;
    if (!this.#known.has(run.folder)) this.#look(run.folder);
    const changes = this.#known.get(run.folder);
    return changes && isChanged(changes) ? { run, words: changeWords(changes, t, count).join(', ') } : undefined;
  }

  /** The same of the newest run on a dataset. */
  sinceNewest(dataset: string): ChangedSince | undefined {
    const run = this.newestOn(dataset);
    return run && this.since(run);
  }

  newestOn(dataset: string): Run | undefined {
    return this.runs.runs.find((run) => this.#datasets.get(run.folder) === dataset && serves(run));
  }

  dispose(): void {
    this.#closed.abort();
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  async #placeRuns(runs: readonly Run[]): Promise<void> {
    const fresh = runs.filter((run) => !this.#datasets.has(run.folder) && serves(run));
    for (const { folder } of fresh) {
      this.#datasets.set(folder, undefined);
      // A run without a readable config says so where it is opened.
      this.#datasets.set(folder, await datasetOfRun(folder).catch(() => undefined));
    }
    if (fresh.length > 0) this.#changed.fire();
  }

  #lookAgain(dataset: string): void {
    for (const folder of this.#known.keys()) if (this.#datasets.get(folder) === dataset) this.#look(folder);
  }

  #look(folder: string): void {
    this.#waiting.add(folder);
    if (!this.#isLooking) void this.#lookAtAll();
  }

  async #lookAtAll(): Promise<void> {
    this.#isLooking = true;
    for (const folder of this.#waiting) {
      this.#waiting.delete(folder);
      const before = JSON.stringify(this.#known.get(folder));
      // Whoever asks meanwhile need not wait for another look.
      if (!this.#known.has(folder)) this.#known.set(folder, undefined);
      this.#known.set(folder, await this.#changesSince(folder));
      if (this.#closed.signal.aborted) return;
      if (JSON.stringify(this.#known.get(folder)) !== before) this.#changed.fire();
    }
    this.#isLooking = false;
  }

  async #changesSince(folder: string): Promise<DatasetChanges | undefined> {
    if (!vscode.workspace.isTrusted || !existsSync(join(folder, runFiles.images))) return undefined;
    try {
      const outputs = await runCommand(this.launch, 'changes', {
        script: 'main',
        args: [folder],
        signal: this.#closed.signal,
      });
      return outputOf(outputs, 'changes');
    } catch (error) {
      // A dataset that is gone or cannot be trained on is said to be so in the tree.
      log().info(`What changed since ${folder} is not known: ${infoOf(error).message}`);
      return undefined;
    }
  }
}

/** Whether a run can be trained again. */
export const serves = (run: Run): boolean =>
  !run.busy && !run.inComparison && !run.damage && run.checkpoints.length > 0;
