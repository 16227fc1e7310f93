/**
 * Underlines in a config file the mistakes that the schema cannot know: wrong paths, as they are typed, and errors of
 * the trainer, until the file is changed.
 */
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { ErrorInfo } from '../../trainer/protocol.js';
import { configEnding } from '../contributions.js';
import { ShownError } from '../errors/shownError.js';
import { log } from '../log/log.js';
import type { Training } from '../trainer/training.js';
import { missingPaths, type MissingPath } from './configPaths.js';

const { t } = vscode.l10n;

/** How long typing has to rest before the paths are looked up, in milliseconds. */
const rest = 400;

const isConfig = ({ uri }: vscode.TextDocument): boolean => uri.scheme === 'file' && uri.fsPath.endsWith(configEnding);

export class ConfigDiagnostics implements vscode.Disposable {
  /** What the trainer found. */
  readonly #found = vscode.languages.createDiagnosticCollection('vitune');
  readonly #paths = vscode.languages.createDiagnosticCollection('vitune-paths');
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(training: Training) {
    this.#subscriptions = [
      this.#found,
      this.#paths,
      training.onFailed((error) => error instanceof ShownError && void this.#show(error.info)),
      vscode.workspace.onDidOpenTextDocument((document) => this.#look(document, 0)),
      vscode.workspace.onDidSaveTextDocument((document) => this.#look(document, 0)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#paths.delete(uri)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        this.#found.delete(document.uri);
        this.#look(document, rest);
      }),
      vscode.languages.onDidChangeDiagnostics(({ uris }) => uris.forEach((uri) => this.#dropTwins(uri))),
    ];
    for (const document of vscode.workspace.textDocuments) this.#look(document, 0);
  }

  dispose(): void {
    for (const waiting of this.#waiting.values()) clearTimeout(waiting);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #look(document: vscode.TextDocument, delay: number): void {
    if (!isConfig(document)) return;
    const key = document.uri.toString();
    clearTimeout(this.#waiting.get(key));
    const look = () => this.#showMissing(document).catch((error: unknown) => log().error(error as Error));
    this.#waiting.set(
      key,
      setTimeout(() => void look(), delay),
    );
  }

  async #showMissing(document: vscode.TextDocument): Promise<void> {
    const { version } = document;
    const missing = await missingPaths(document.getText(), dirname(document.uri.fsPath));
    if (document.isClosed || document.version !== version) return;
    this.#paths.set(
      document.uri,
      missing.map(({ kind, path, offset, length }) => {
        const range = new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
        return diagnosticOf(range, messageOf(kind, path), `${kind.toUpperCase()}_MISSING`);
      }),
    );
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
    this.#found.set(document.uri, [diagnosticOf(range, `${message} ${remedy}`, code)]);
    this.#dropTwins(document.uri);
  }

  /** A fault is shown once: what the schema or the paths underline already is not underlined again. */
  #dropTwins(uri: vscode.Uri): void {
    const own = this.#found.get(uri) ?? [];
    if (own.length === 0) return;
    const others = vscode.languages.getDiagnostics(uri).filter((each) => !own.includes(each) && !isSame(each, own));
    const kept = own.filter(({ range }) => !others.some((other) => touches(other.range, range)));
    if (kept.length < own.length) this.#found.set(uri, kept);
  }
}

const isSame = (each: vscode.Diagnostic, own: readonly vscode.Diagnostic[]): boolean =>
  own.some(({ message, code }) => message === each.message && code === each.code);

const touches = (a: vscode.Range, b: vscode.Range): boolean => a.intersection(b) !== undefined;

function messageOf(kind: MissingPath['kind'], path: string): string {
  return kind === 'dataset'
    ? t('There is no dataset at {0}. Check the path; it is relative to this file.', path)
    : t('There is no model at {0}. Check the path; it is relative to this file.', path);
}

function diagnosticOf(range: vscode.Range, message: string, code: string): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(range, message, vscode.DiagnosticSeverity.Error);
  diagnostic.source = 'ViTune';
  diagnostic.code = code;
  return diagnostic;
}
