/**
 * Underlines in a config file the mistakes that the schema cannot know: wrong paths and what the trainer's check finds,
 * as they are typed, and errors of a training, until the file is changed.
 */
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { isConfigName } from '../../shared/configNames.js';
import type { ErrorInfo } from '../../trainer/protocol.js';
import { ShownError } from '../errors/shownError.js';
import { log } from '../log/log.js';
import type { Training } from '../trainer/training.js';
import { isConfigDocument, type ConfigChecks } from './configChecks.js';
import { missingPaths, type MissingPath } from './configPaths.js';
import { diagnosticOf, problemsOf, rangeAt } from './configProblems.js';
import type { Measured } from './measured.js';

const { t } = vscode.l10n;

/** How long typing has to rest before the paths are looked up, in milliseconds. */
const rest = 400;

export class ConfigDiagnostics implements vscode.Disposable {
  /** What a training found. */
  readonly #found = vscode.languages.createDiagnosticCollection('vitune');
  readonly #paths = vscode.languages.createDiagnosticCollection('vitune-paths');
  /** What the check found, but for what is underlined already. */
  readonly #checked = vscode.languages.createDiagnosticCollection('vitune-check');
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(
    training: Training,
    private readonly checks: ConfigChecks,
    private readonly measured: Measured,
  ) {
    this.#subscriptions = [
      this.#found,
      this.#paths,
      this.#checked,
      checks.onChange((document) => this.#showChecked(document)),
      measured.onChange(() => vscode.workspace.textDocuments.forEach((document) => this.#showChecked(document))),
      training.onFailed((error) => error instanceof ShownError && void this.#show(error.info)),
      vscode.workspace.onDidOpenTextDocument((document) => this.#look(document, 0)),
      vscode.workspace.onDidSaveTextDocument((document) => this.#look(document, 0)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.#paths.delete(uri);
        this.#checked.delete(uri);
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        this.#found.delete(document.uri);
        this.#look(document, rest);
      }),
      vscode.languages.onDidChangeDiagnostics(({ uris }) => {
        for (const uri of uris) {
          this.#dropTwins(uri);
          const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
          if (document) this.#showChecked(document);
        }
      }),
    ];
    for (const document of vscode.workspace.textDocuments) this.#look(document, 0);
  }

  dispose(): void {
    for (const waiting of this.#waiting.values()) clearTimeout(waiting);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #look(document: vscode.TextDocument, delay: number): void {
    if (!isConfigDocument(document)) return;
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

  /** Once the text is checked; until then the last marks move with the text. */
  #showChecked(document: vscode.TextDocument): void {
    const { uri } = document;
    if (!isConfigDocument(document) || !this.checks.current(document)) return;
    const shown = this.#checked.get(uri) ?? [];
    const others = vscode.languages.getDiagnostics(uri).filter((each) => !isSame(each, shown));
    const found = problemsOf(document, this.checks, this.measured).map(({ diagnostic }) => diagnostic);
    const own = found.filter(({ range }) => !others.some((other) => touches(other.range, range)));
    const isShown = own.length === shown.length && own.every((each) => isSame(each, shown));
    if (!isShown) this.#checked.set(uri, own);
  }

  async #show({ file, line, column, message, remedy, code }: ErrorInfo): Promise<void> {
    if (file === undefined || !isConfigName(file)) return;
    const document = await vscode.workspace.openTextDocument(file);
    const range = line === undefined ? new vscode.Range(0, 0, 0, 0) : rangeAt(document, line - 1, (column ?? 1) - 1);
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
