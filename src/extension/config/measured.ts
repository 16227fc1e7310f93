/**
 * What was measured for configs and datasets in this workspace: estimates by the name of their training, advice by the
 * name of its dataset.
 */
import * as vscode from 'vscode';
import type { Advice, Estimate } from '../../trainer/protocol.js';

type Kind = 'estimates' | 'advice';

/** Of each kind so many are remembered, the newest. */
const most = 50;

export class Measured implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onChange = this.#changed.event;

  constructor(private readonly memory: vscode.Memento) {}

  dispose(): void {
    this.#changed.dispose();
  }

  /** `training` as a `ConfigCheck` has it. */
  estimateOf(training: string | undefined): Estimate | undefined {
    return training === undefined ? undefined : this.#read<Estimate>('estimates')[training];
  }

  /** `dataset` as a `ConfigCheck` has it. */
  adviceOn(dataset: string | undefined): Advice | undefined {
    return dataset === undefined ? undefined : this.#read<Advice>('advice')[dataset];
  }

  async keepEstimate(estimate: Estimate): Promise<void> {
    await this.#keep('estimates', estimate.training, estimate);
  }

  async keepAdvice(dataset: string, advice: Advice): Promise<void> {
    await this.#keep('advice', dataset, advice);
  }

  #read<Value>(kind: Kind): Record<string, Value> {
    return this.memory.get<Record<string, Value>>(`measured.${kind}`, {});
  }

  async #keep<Value>(kind: Kind, name: string, value: Value): Promise<void> {
    const { [name]: _, ...others } = this.#read<Value>(kind);
    await this.memory.update(
      `measured.${kind}`,
      Object.fromEntries([...Object.entries(others), [name, value]].slice(-most)),
    );
    this.#changed.fire();
  }
}
