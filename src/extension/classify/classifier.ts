/** Classifies images with the active checkpoint, in the warm process. */
import * as vscode from 'vscode';
import type { Explanation } from '../../shared/explanation.js';
import type { Classification } from '../../trainer/protocol.js';
import type { Settings } from '../contributions.js';
import { errors } from '../errors/errors.js';
import { notify } from '../notify.js';
import type { ActiveCheckpointStore } from '../runs/activeCheckpoint.js';
import type { Launch } from '../trainer/launch.js';
import type { AcceptedShare } from './acceptedShare.js';
import { ClassifierProcess } from './classifierProcess.js';

export class Classifier implements vscode.Disposable {
  readonly #process: ClassifierProcess;
  /** Notices that were shown: the process ends when idle, and the next one gives them again. */
  readonly #noticed = new Set<string>();

  constructor(
    launch: Launch,
    private readonly active: ActiveCheckpointStore,
    private readonly accepted: AcceptedShare,
  ) {
    this.#process = new ClassifierProcess(launch, {
      idle: 5 * 60_000,
      backoff: 500,
      crashes: 4,
      onPoison: (path) => ({ path, error: errors.imageEndsProcess(path).info }),
      onNotice: ({ message, remedy }) => {
        if (this.#noticed.has(message)) return;
        this.#noticed.add(message);
        void notify('warning', `${message} ${remedy}`);
      },
    });
  }

  /**
   * `onResult` receives each image in order. Throws when there is no checkpoint, and for every error that ends the
   * request.
   */
  async classify(paths: string[], signal: AbortSignal, onResult: (result: Classification) => void): Promise<void> {
    const checkpoint = this.#checkpoint();
    const top = vscode.workspace.getConfiguration('vitune').get<Settings['predictions']>('predictions', 5);
    await this.#process.classify({
      checkpoint,
      paths,
      top,
      accepted: this.accepted.current,
      signal,
      onResult,
    });
  }

  async classifyOne(path: string, signal: AbortSignal): Promise<Classification> {
    const results: Classification[] = [];
    await this.classify([path], signal, (result) => results.push(result));
    const [result] = results;
    if (!result) throw new Error(`Classifying ${path} gave no answer`);
    return result;
  }

  /** Why the active checkpoint answers as it does, for a class, by default the likeliest. */
  explain(path: string, label: string | undefined, signal: AbortSignal): Promise<Explanation> {
    return this.#process.explain({ checkpoint: this.#checkpoint(), path, label }, signal);
  }

  #checkpoint(): string {
    const { current, chosen } = this.active;
    if (current) return current.path;
    throw chosen === undefined ? errors.noCheckpoint() : errors.checkpointGone(chosen);
  }

  /** A small preview as a data URI. */
  preview(path: string, side: number): Promise<string> {
    return this.#process.preview(path, side);
  }

  dispose(): void {
    this.#process.dispose();
  }
}
