/** The share of validation images that counts as known, as the user has set it with the slider of the image editor. */
import * as vscode from 'vscode';

const key = 'vitune.acceptedShare';

export class AcceptedShare {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onChange = this.#changed.event;

  constructor(private readonly memory: vscode.Memento) {}

  /** Undefined: that of the checkpoint. */
  get current(): number | undefined {
    return this.memory.get<number>(key);
  }

  async set(share: number): Promise<void> {
    await this.memory.update(key, Math.min(1, Math.max(0.5, share)));
    this.#changed.fire();
  }

  /** What counts as known has changed otherwise: a checkpoint was calibrated. */
  tell(): void {
    this.#changed.fire();
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
