/** The image editor: an image with the active checkpoint's predictions; follows the checkpoint and the file. */
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import type { Classification } from '../../trainer/protocol.js';
import type { FromImageEditor, ImageEditorState, Patch, ImageState, VerdictState } from '../../webview/protocol.js';
import { commands } from '../contributions.js';
import { errors } from '../errors/errors.js';
import { infoOf, isCancel } from '../errors/showError.js';
import { isMissing } from '../trainer/runFolder.js';
import type { ActiveCheckpointStore } from '../runs/activeCheckpoint.js';
import { showPage, type Page } from '../webviews/page.js';

export type ClassifyOne = (path: string, signal: AbortSignal) => Promise<Classification>;

export class ImageEditorProvider implements vscode.CustomReadonlyEditorProvider {
  constructor(
    private readonly extension: vscode.Uri,
    private readonly active: ActiveCheckpointStore,
    private readonly classify: ClassifyOne,
  ) {}

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  resolveCustomEditor(document: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    const editor = new ImageEditor(document.uri.fsPath, panel, this.extension, this.active, this.classify);
    panel.onDidDispose(() => editor.dispose());
  }
}

class ImageEditor {
  readonly #page: Page<Patch<ImageEditorState>>;
  readonly #subscriptions: vscode.Disposable[];
  #verdict: VerdictState = { kind: 'noCheckpoint' };
  #image: ImageState;
  #asking: AbortController | undefined;

  constructor(
    private readonly path: string,
    private readonly panel: vscode.WebviewPanel,
    extension: vscode.Uri,
    private readonly active: ActiveCheckpointStore,
    private readonly classify: ClassifyOne,
  ) {
    this.#image = this.#shown();
    this.#page = showPage<ImageEditorState, FromImageEditor>(panel.webview, {
      view: 'imageEditor',
      extension,
      folders: [vscode.Uri.file(dirname(path))],
      state: () => this.#state(),
      onMessage: (message) => this.#receive(message),
    });
    const watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.file(dirname(path)), basename(path).replace(/[[\]{}*?]/g, '?')),
    );
    const changed = (uri: vscode.Uri) => uri.fsPath === path && void this.#reload();
    this.#subscriptions = [
      watcher,
      watcher.onDidChange(changed),
      watcher.onDidCreate(changed),
      active.onChange(() => void this.#ask()),
    ];
    void this.#ask();
  }

  dispose(): void {
    this.#asking?.abort();
    this.#page.dispose();
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  /** The query makes the browser load the file again after a change. */
  #shown(version = Date.now()): ImageState {
    const uri = this.panel.webview.asWebviewUri(vscode.Uri.file(this.path));
    return { kind: 'shown', src: uri.with({ query: `v=${version}` }).toString() };
  }

  async #file(): Promise<ImageEditorState['file']> {
    try {
      return { path: this.path, name: basename(this.path), size: (await stat(this.path)).size };
    } catch (error) {
      // Deleted while its editor is open; the verdict says so.
      if (isMissing(error)) return { path: this.path, name: basename(this.path), size: 0 };
      throw error;
    }
  }

  async #state(): Promise<ImageEditorState> {
    return {
      file: await this.#file(),
      image: this.#image,
      checkpoint: this.active.current ?? null,
      verdict: this.#verdict,
    };
  }

  async #reload(): Promise<void> {
    this.#image = this.#shown();
    this.#page.post({ type: 'patch', state: { file: await this.#file(), image: this.#image } });
    await this.#ask();
  }

  /** Asks the active checkpoint; an older question is dropped. */
  async #ask(): Promise<void> {
    this.#asking?.abort();
    if (!this.active.current) {
      this.#tell({ kind: 'noCheckpoint' });
      return;
    }
    const asking = new AbortController();
    this.#asking = asking;
    this.#tell({ kind: 'classifying' });
    let verdict: VerdictState;
    try {
      const answer = await this.classify(this.path, asking.signal);
      verdict =
        'error' in answer
          ? { kind: 'error', error: answer.error }
          : { kind: 'predictions', predictions: answer.predictions, tasks: answer.tasks };
    } catch (error) {
      if (isCancel(error)) return;
      verdict = { kind: 'error', error: infoOf(error) };
    }
    if (!asking.signal.aborted) this.#tell(verdict);
  }

  #tell(verdict: VerdictState): void {
    this.#verdict = verdict;
    this.#page.post({ type: 'patch', state: { checkpoint: this.active.current ?? null, verdict } });
  }

  async #receive(message: Exclude<FromImageEditor, { type: 'ready' | 'openPlace' | 'openLog' }>): Promise<void> {
    switch (message.type) {
      case 'imageFailed':
        this.#image = { kind: 'none', error: errors.imageNotShown(this.path).info };
        this.#page.post({ type: 'patch', state: { image: this.#image } });
        return;
      case 'chooseCheckpoint':
        await vscode.commands.executeCommand(commands.setActiveCheckpoint);
        return;
      case 'train':
        await vscode.commands.executeCommand(commands.startTraining);
        return;
      case 'classify':
        await this.#ask();
    }
  }
}
