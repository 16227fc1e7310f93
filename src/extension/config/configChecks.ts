/**
 * What the trainer says of the configs that are open: asked again when typing rests, and kept until then. A check reads
 * names of files and shapes of weights, and nothing else.
 */
import * as vscode from 'vscode';
import { isConfigName } from '../../shared/configNames.js';
import type { ConfigCheck } from '../../trainer/protocol.js';
import { ShownError } from '../errors/shownError.js';
import { isCancel } from '../errors/showError.js';
import { log } from '../log/log.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';

/** How long typing has to rest, in milliseconds. */
const rest = 400;
/** `vitune check` ends with it where a training would not begin. */
const faultyCode = 2;

interface Known {
  /** Of the document that was checked. */
  version: number;
  check: ConfigCheck;
}

export const isConfigDocument = ({ uri }: vscode.TextDocument): boolean =>
  uri.scheme === 'file' && isConfigName(uri.fsPath);

export class ConfigChecks implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.TextDocument>();
  readonly #known = new Map<string, Known>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #running = new Map<string, AbortController>();
  readonly #subscriptions: vscode.Disposable[];

  /** Something else is known of a document. */
  readonly onChange = this.#changed.event;

  /** `onDisk` fires when a dataset has changed on disk. */
  constructor(
    private readonly launch: Launch,
    onDisk: vscode.Event<unknown>,
  ) {
    this.#subscriptions = [
      this.#changed,
      vscode.workspace.onDidOpenTextDocument((document) => this.#look(document, 0)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#look(document, rest)),
      // What is beside the file, models or folders, may be another by now.
      vscode.workspace.onDidSaveTextDocument((document) => this.#look(document, 0)),
      vscode.window.onDidChangeActiveTextEditor((editor) => editor && this.#look(editor.document, 0)),
      vscode.workspace.onDidCloseTextDocument((document) => this.#forget(document)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#lookAtAll()),
      onDisk(() => this.#lookAtAll()),
    ];
    this.#lookAtAll();
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const running of this.#running.values()) running.abort();
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  /** What was found last, perhaps before the latest change. */
  of(document: vscode.TextDocument): ConfigCheck | undefined {
    return this.#known.get(document.uri.toString())?.check;
  }

  /** What was found in the text as it is now: places in it are right. */
  current(document: vscode.TextDocument): ConfigCheck | undefined {
    const known = this.#known.get(document.uri.toString());
    return known?.version === document.version ? known.check : undefined;
  }

  #lookAtAll(): void {
    for (const document of vscode.workspace.textDocuments) this.#look(document, 0);
  }

  #forget({ uri }: vscode.TextDocument): void {
    const key = uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#running.get(key)?.abort();
    this.#known.delete(key);
  }

  #look(document: vscode.TextDocument, delay: number): void {
    if (!isConfigDocument(document) || !vscode.workspace.isTrusted) return;
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => void this.#check(document), delay),
    );
  }

  async #check(document: vscode.TextDocument): Promise<void> {
    const key = document.uri.toString();
    this.#running.get(key)?.abort();
    const work = new AbortController();
    this.#running.set(key, work);
    const { version } = document;
    try {
      const outputs = await runCommand(this.launch, 'check', {
        args: [document.uri.fsPath, '--stdin'],
        input: document.getText(),
        signal: work.signal,
        answersWith: faultyCode,
      });
      if (document.isClosed || work.signal.aborted) return;
      this.#known.set(key, { version, check: outputOf(outputs, 'check') });
      this.#changed.fire(document);
    } catch (error) {
      // Nobody has asked, so nothing is shown; what is known stays.
      if (error instanceof ShownError) log().info(`${document.uri.fsPath}: ${error.info.message}`);
      else if (!isCancel(error)) log().error(error as Error);
    } finally {
      if (this.#running.get(key) === work) this.#running.delete(key);
    }
  }
}
