/** The comparisons that this window is at: a process each, how far it is, and the way to stop it. */
import * as vscode from 'vscode';
import type { CommandOutputs, Comparison } from '../../trainer/protocol.js';
import { activityAfterStep } from '../../shared/runProgress.js';
import type { ComparisonWork } from '../../webview/protocol.js';
import { isCancel } from '../errors/showError.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import { runCommand } from '../trainer/runCommand.js';
import type { ComparisonStore } from './comparisonStore.js';

export class Comparing implements vscode.Disposable {
  readonly #atWork = new Map<string, { controller: AbortController; work: ComparisonWork; steps: number }>();
  readonly #changed = new vscode.EventEmitter<string>();

  /** The work on the comparison in this folder is further, began or ended. */
  readonly onChange = this.#changed.event;

  constructor(
    private readonly launch: Launch,
    private readonly comparisons: ComparisonStore,
    private readonly runs: RunStore,
  ) {}

  workOn(folder: string): ComparisonWork | null {
    return this.#atWork.get(folder)?.work ?? null;
  }

  /** Compares until all is done; false when it was stopped. Throws what the trainer says is wrong with the whole. */
  async run(
    folder: string,
    { dataset, methods, settings, seeds = 1 }: Pick<Comparison, 'dataset' | 'methods' | 'settings' | 'seeds'>,
  ): Promise<boolean> {
    if (this.#atWork.has(folder)) return false;
    const controller = new AbortController();
    this.#atWork.set(folder, { controller, steps: 1, work: { phase: null, done: 0, total: 0, stopping: false } });
    this.#changed.fire(folder);
    await this.comparisons.add(folder);
    const overrides = settings.flatMap((setting) => ['--set', setting]);
    const args = ['--dataset', dataset, '--output', folder, '--methods', methods.join(','), ...overrides];
    if (seeds > 1) args.push('--seeds', String(seeds));
    try {
      await runCommand(this.launch, 'compare', {
        args,
        signal: controller.signal,
        onOutput: (output) => this.#take(folder, output),
      });
      return true;
    } catch (error) {
      // Finished methods stay, and the next start continues from there.
      if (isCancel(error)) return false;
      throw error;
    } finally {
      this.#atWork.delete(folder);
      await this.comparisons.refresh(folder);
      this.#changed.fire(folder);
    }
  }

  /** The method at work saves a checkpoint first. */
  stop(folder: string): void {
    const entry = this.#atWork.get(folder);
    if (!entry || entry.work.stopping) return;
    entry.work = { ...entry.work, stopping: true };
    this.#changed.fire(folder);
    entry.controller.abort();
  }

  dispose(): void {
    for (const { controller } of this.#atWork.values()) controller.abort();
    this.#changed.dispose();
  }

  #take(folder: string, output: CommandOutputs['compare']): void {
    const entry = this.#atWork.get(folder);
    if (!entry) return;
    const { stopping } = entry.work;
    if (output.type === 'comparison') return;
    const { method } = output;
    switch (output.type) {
      case 'started':
        entry.steps = output.steps;
        entry.work = { method, phase: null, done: output.resumedFrom ?? 0, total: output.steps, stopping };
        void this.runs.refresh(output.run);
        break;
      case 'progress':
        // Between steps, how far the training is says more.
        if (output.phase === 'evaluate' && entry.work.method === method) return;
        entry.work = { method, phase: output.phase, done: output.done, total: output.total, stopping };
        break;
      case 'step':
        if (entry.work.method === method && activityAfterStep(entry.work)) return;
        entry.work = { method, phase: null, done: output.step, total: entry.steps, stopping };
        break;
      case 'row':
        entry.work = { phase: null, done: 0, total: 0, stopping };
        void this.comparisons.refresh(folder);
        break;
      default:
        return;
    }
    this.#changed.fire(folder);
  }
}
