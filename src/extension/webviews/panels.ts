/** Editor panels of one kind, one for each thing that they show: they come back after a reload of the window. */
import * as vscode from 'vscode';
import type { ViewName } from '../../webview/protocol.js';
import { tabIcon } from './tabIcon.js';
import { WebviewHost, type OwnMessage } from './webviewHost.js';

export interface PanelKind<Shown, State, Kept, FromView, ToView, News> {
  /** As the manifest names it. */
  type: string;
  view: ViewName;
  /** What is shown under the same key has the same panel. */
  key: (shown: Shown) => string;
  title: (shown: Shown) => string;
  /** Folders that the view shows files of. */
  folders?: (shown: Shown) => readonly vscode.Uri[];
  /** What it posts meanwhile follows the state. */
  state: (shown: Shown, webview: vscode.Webview, post: (message: ToView) => void) => State | Promise<State>;
  /** What the view is sent when something is new. */
  changes?: (shown: Shown, news: News[]) => ToView[];
  /** Whose panel it is that comes back, by what its view kept; undefined: that was deleted in the meantime. */
  find: (kept: Kept) => Promise<Shown | undefined>;
  /** Another thing of the same key takes the place of what is shown; otherwise what is shown follows the news. */
  replaces?: boolean;
  onMessage: (message: OwnMessage<FromView>, shown: Shown, post: (message: ToView) => void) => unknown;
  /** The user closed it. */
  onClose?: (shown: Shown) => void;
}

interface Open<Shown, State, FromView extends { type: string }, ToView extends { type: string }, News> {
  panel: vscode.WebviewPanel;
  host: WebviewHost<State, FromView, ToView, News>;
  shown: Shown;
}

export class Panels<
  Shown,
  State,
  Kept,
  FromView extends { type: string },
  ToView extends { type: string },
  News = never,
>
  implements vscode.WebviewPanelSerializer, vscode.Disposable
{
  readonly #open = new Map<string, Open<Shown, State, FromView, ToView, News>>();
  readonly #serializer: vscode.Disposable;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly kind: PanelKind<Shown, State, Kept, FromView, ToView, News>,
  ) {
    this.#serializer = vscode.window.registerWebviewPanelSerializer(kind.type, this);
  }

  get keys(): string[] {
    return [...this.#open.keys()];
  }

  /** Shows it in its own panel. */
  show(shown: Shown): void {
    const { type, key, title, replaces } = this.kind;
    const open = this.#open.get(key(shown));
    if (open && replaces) this.#replace(open, shown);
    if (open) open.panel.reveal();
    else {
      const options = { enableFindWidget: true };
      this.#fill(vscode.window.createWebviewPanel(type, title(shown), vscode.ViewColumn.Active, options), shown);
    }
  }

  close(key: string): void {
    this.#open.get(key)?.panel.dispose();
  }

  /** Whether the user sees it now. */
  isVisible(key: string): boolean {
    return this.#open.get(key)?.panel.visible ?? false;
  }

  /** Something is new about what the panel of this key shows, if there is one. */
  changed(key: string, news: readonly News[] = []): void {
    this.#open.get(key)?.host.changed(...news);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, kept: Kept | undefined): Promise<void> {
    const shown = kept && (await this.kind.find(kept));
    if (shown && !this.#open.has(this.kind.key(shown))) this.#fill(panel, shown);
    else panel.dispose();
  }

  dispose(): void {
    for (const { host } of this.#open.values()) host.dispose();
    this.#serializer.dispose();
  }

  #fill(panel: vscode.WebviewPanel, shown: Shown): void {
    const key = this.kind.key(shown);
    panel.iconPath = tabIcon(this.extension);
    this.#open.set(key, { panel, shown, host: this.#host(panel, shown) });
    panel.onDidDispose(() => {
      const open = this.#open.get(key);
      if (!open) return;
      open.host.dispose();
      this.#open.delete(key);
      this.kind.onClose?.(open.shown);
    });
  }

  #replace(open: Open<Shown, State, FromView, ToView, News>, shown: Shown): void {
    open.host.dispose();
    this.kind.onClose?.(open.shown);
    open.shown = shown;
    open.host = this.#host(open.panel, shown);
  }

  #host(panel: vscode.WebviewPanel, shown: Shown): WebviewHost<State, FromView, ToView, News> {
    const { view, title, folders, state, changes, onMessage } = this.kind;
    const host: WebviewHost<State, FromView, ToView, News> = new WebviewHost(panel.webview, this.extension, {
      view,
      title: title(shown),
      folders: folders?.(shown),
      state: () => state(shown, panel.webview, (message) => host.post(message)),
      changes: (news) => changes?.(shown, news) ?? [],
      onMessage: (message) => onMessage(message, shown, (answer) => host.post(answer)),
    });
    return host;
  }
}
