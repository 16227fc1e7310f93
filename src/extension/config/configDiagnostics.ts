/** Underlines in a config file what the trainer said is wrong with it, until the file is changed. */
import * as vscode from 'vscode';
import type { ErrorInfo } from '../../trainer/protocol.js';
import { configEnding } from '../contributions.js';
import { ShownError } from '../errors/shownError.js';
import type { Training } from '../trainer/training.js';

export class ConfigDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('vitune');
  readonly #subscriptions: vscode.Disposable[];

  constructor(training: Training) {
    this.#subscriptions = [
      training.onFailed((error) => error instanceof ShownError && void this.#show(error.info)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#collection.delete(document.uri)),
      this.#collection,
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  async #show({ file, line, column, message, remedy, code }: ErrorInfo): Promise<void> {
    if (file === undefined || !file.endsWith(configEnding)) return;
    const document = await vscode.workspace.openTextDocument(file);
    const at = new vscode.Position((line ?? 1) - 1, (column ?? 1) - 1);
    // A value may be no word, e.g. a number with a sign: then to the end of its line.
    const range =
      line === undefined
        ? new vscode.Range(0, 0, 0, 0)
        : (document.getWordRangeAtPosition(at) ?? document.lineAt(at).range.with(at));
    const diagnostic = new vscode.Diagnostic(range, `${message} ${remedy}`, vscode.DiagnosticSeverity.Error);
    diagnostic.source = 'ViTune';
    diagnostic.code = code;
    this.#collection.set(document.uri, [diagnostic]);
  }
}
