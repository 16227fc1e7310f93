/** The image editor: an image with the active checkpoint's predictions; follows the checkpoint and the file. */
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import type { Explanation } from '../../shared/explanation.js';
import type { Classification } from '../../trainer/protocol.js';
import type {
  FromImageEditor,
  ImageEditorState,
  Patch,
  ImageState,
  VerdictState,
  WhyState,
} from '../../webview/protocol.js';
import { commands } from '../contributions.js';
import { errors } from '../errors/errors.js';
import { infoOf, isCancel } from '../errors/showError.js';
import { isMissing } from '../trainer/runFolder.js';
import type { AcceptedShare } from '../classify/acceptedShare.js';
import type { ActiveCheckpointStore } from '../runs/activeCheckpoint.js';
import type { Previews } from '../images/previews.js';
import { previewSides } from '../images/previews.js';
import { WebviewHost, type OwnMessage } from '../webviews/webviewHost.js';

/** What the active checkpoint says of an image, and why. */
export interface Answering {
  classifyOne(path: string, signal: AbortSignal): Promise<Classification>;
  explain(path: string, label: string | undefined, signal: AbortSignal): Promise<Explanation>;
}

export class ImageEditorProvider implements vscode.CustomReadonlyEditorProvider {
  constructor(
    private readonly extension: vscode.Uri,
    private readonly active: ActiveCheckpointStore,
    private readonly answering: Answering,
    private readonly previews: Previews,
    private readonly accepted: AcceptedShare,
  ) {}

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  resolveCustomEditor(document: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    const editor = new ImageEditor(
      document.uri.fsPath,
      panel,
      this.extension,
      this.active,
      this.answering,
      this.previews,
      this.accepted,
    );
    panel.onDidDispose(() => editor.dispose());
  }
}

class ImageEditor {
  readonly #host: WebviewHost<ImageEditorState, FromImageEditor, Patch<ImageEditorState>>;
  readonly #subscriptions: vscode.Disposable[];
  #verdict: VerdictState = { kind: 'noCheckpoint' };
  #why: WhyState = { kind: 'hidden' };
  #image: ImageState;
  #explaining: AbortController | undefined;
  #asking: AbortController | undefined;

  constructor(
    private readonly path: string,
    private readonly panel: vscode.WebviewPanel,
    extension: vscode.Uri,
    private readonly active: ActiveCheckpointStore,
    private readonly answering: Answering,
    private readonly previews: Previews,
    private readonly accepted: AcceptedShare,
  ) {
    this.#image = this.#shown();
    this.#host = new WebviewHost(panel.webview, extension, {
      view: 'imageEditor',
      title: basename(path),
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
      accepted.onChange(() => void this.#ask({ isQuiet: true })),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.#ask()),
    ];
    void this.#ask();
  }

  dispose(): void {
    this.#asking?.abort();
    this.#explaining?.abort();
    this.#host.dispose();
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
      why: this.#why,
    };
  }

  async #reload(): Promise<void> {
    this.#image = this.#shown();
    this.#host.post({ type: 'patch', state: { file: await this.#file(), image: this.#image } });
    await this.#ask();
  }

  /** Runs the active checkpoint; an older request is dropped. */
  async #ask({ isQuiet = false } = {}): Promise<void> {
    this.#asking?.abort();
    // It was about the answer before; the slider changes no answer.
    if (!isQuiet) this.#showWhy({ kind: 'hidden' });
    if (!vscode.workspace.isTrusted) {
      this.#show({ kind: 'error', error: errors.restricted().info });
      return;
    }
    if (!this.active.current) {
      this.#show({ kind: 'noCheckpoint' });
      return;
    }
    const asking = new AbortController();
    this.#asking = asking;
    // The slider stays under the pointer while its new threshold is applied.
    if (!isQuiet) this.#show({ kind: 'classifying' });
    let verdict: VerdictState;
    try {
      const answer = await this.answering.classifyOne(this.path, asking.signal);
      verdict =
        'error' in answer
          ? { kind: 'error', error: answer.error }
          : { kind: 'predictions', predictions: answer.predictions, tasks: answer.tasks, unknown: answer.unknown };
    } catch (error) {
      if (isCancel(error)) return;
      verdict = { kind: 'error', error: infoOf(error) };
    }
    if (!asking.signal.aborted) this.#show(verdict);
  }

  /** Explains the answer for a class; an older request is dropped. */
  async #explain(label: string | undefined): Promise<void> {
    this.#showWhy({ kind: 'asking' });
    const explaining = new AbortController();
    this.#explaining = explaining;
    let why: WhyState;
    try {
      const explanation = await this.answering.explain(this.path, label, explaining.signal);
      const previews = explanation.similar.map(({ path }) => this.previews.of(path, previewSides.hover));
      why = { kind: 'shown', explanation, previews: (await Promise.all(previews)).map((src) => src ?? null) };
    } catch (error) {
      if (isCancel(error)) return;
      why = { kind: 'error', error: infoOf(error) };
    }
    if (!explaining.signal.aborted) this.#showWhy(why);
  }

  #showWhy(why: WhyState): void {
    this.#explaining?.abort();
    this.#why = why;
    this.#host.post({ type: 'patch', state: { why } });
  }

  /** For what the browser cannot draw. */
  async #showPreview(): Promise<void> {
    const failed = this.#image;
    const src = failed.kind === 'shown' && !failed.isPreview && (await this.previews.of(this.path, previewSides.page));
    // The file may have been replaced meanwhile.
    if (this.#image !== failed) return;
    this.#image = src
      ? { kind: 'shown', src, isPreview: true }
      : { kind: 'none', error: errors.imageNotShown(this.path).info };
    this.#host.post({ type: 'patch', state: { image: this.#image } });
  }

  #show(verdict: VerdictState): void {
    this.#verdict = verdict;
    this.#host.post({ type: 'patch', state: { checkpoint: this.active.current ?? null, verdict } });
  }

  async #receive(message: OwnMessage<FromImageEditor>): Promise<void> {
    switch (message.type) {
      case 'imageFailed':
        return this.#showPreview();
      case 'chooseCheckpoint':
        await vscode.commands.executeCommand(commands.setActiveCheckpoint);
        return;
      case 'train':
        await vscode.commands.executeCommand(commands.startTraining);
        return;
      case 'explain':
        return this.#explain(message.label);
      case 'hideExplanation':
        return this.#showWhy({ kind: 'hidden' });
      case 'calibrate':
        await vscode.commands.executeCommand(commands.calibrate, this.active.current?.path);
        return this.#ask();
      case 'openImage':
        await vscode.commands.executeCommand(commands.openWithPredictions, message.path);
        return;
      case 'accept':
        return this.accepted.set(message.share);
      case 'classify':
        await this.#ask();
    }
  }
}
