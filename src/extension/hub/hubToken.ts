/**
 * The Hugging Face token: in the editor's secret storage, and from there in the environment of every trainer, never on
 * a command line.
 */
import type * as vscode from 'vscode';
import type { Launch } from '../trainer/launch.js';

/** Its key in the secret storage. */
export const tokenKey = 'vitune.huggingFaceToken';

export class HubToken implements vscode.Disposable {
  /** What the environment itself says, for when no token is set here. */
  readonly #inherited: string | undefined;
  readonly #subscription: vscode.Disposable;

  constructor(
    private readonly secrets: vscode.SecretStorage,
    private readonly launch: Launch,
    onFailed: (error: unknown) => void,
  ) {
    this.#inherited = launch.env.HF_TOKEN;
    // Another window may set it.
    this.#subscription = secrets.onDidChange(({ key }) => void (key === tokenKey && this.hand().catch(onFailed)));
    this.hand().catch(onFailed);
  }

  /** Hands the stored token to the trainers that are started from now on. */
  async hand(): Promise<void> {
    const token = (await this.secrets.get(tokenKey)) ?? this.#inherited;
    if (token === undefined) delete this.launch.env.HF_TOKEN;
    else this.launch.env.HF_TOKEN = token;
  }

  /** Stores a token; an empty one removes it. */
  async set(token: string): Promise<void> {
    if (token === '') await this.secrets.delete(tokenKey);
    else await this.secrets.store(tokenKey, token);
    await this.hand();
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}
