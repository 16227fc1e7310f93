/**
 * Editor panels of one kind, one for each folder (of a run, of a comparison): they come back after a reload of the
 * window and hear of news a few times a second.
 */
import * as vscode from 'vscode';
import type { FromAnyView, ViewName } from '../../webview/protocol.js';
import { showPage, type Page } from './page.js';
import { tabIcon } from './tabIcon.js';

/** Milliseconds in which news is gathered before a view hears of it. */
const gather = 150;

export interface PanelKind<Shown, State, Kept, FromView, ToView, News> {
  /** As the manifest names it. */
  type: string;
  view: ViewName;
  title: (shown: Shown) => string;
  state: (shown: Shown) => State;
  /** What the view is told when something is new. */
  changes: (shown: Shown, news: News[]) => ToView[];
  /** Whose panel it is that comes back, by what its view kept; undefined: that was deleted in the meantime. */
  find: (kept: Kept) => Promise<Shown | undefined>;
  onMessage: (message: Exclude<FromView, FromAnyView>, shown: Shown) => unknown;
}

interface Open<Shown, ToView, News> {
  panel: vscode.WebviewPanel;
  page: Page<ToView>;
  shown: Shown;
  /** Not yet told. */
  news: News[];
  timer?: NodeJS.Timeout;
}

export class FolderPanels<
  Shown extends { folder: string },
  State,
  Kept,
  FromView extends { type: string },
  ToView extends { type: string },
  News = never,
>
  implements vscode.WebviewPanelSerializer, vscode.Disposable
{
  readonly #open = new Map<string, Open<Shown, ToView, News>>();
  readonly #serializer: vscode.Disposable;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly kind: PanelKind<Shown, State, Kept, FromView, ToView, News>,
  ) {
    this.#serializer = vscode.window.registerWebviewPanelSerializer(kind.type, this);
  }

  get folders(): string[] {
    return [...this.#open.keys()];
  }

  show(shown: Shown): void {
    const open = this.#open.get(shown.folder);
    if (open) open.panel.reveal();
    else
      this.#fill(
        vscode.window.createWebviewPanel(this.kind.type, this.kind.title(shown), vscode.ViewColumn.Active),
        shown,
      );
  }

  close(folder: string): void {
    this.#open.get(folder)?.panel.dispose();
  }

  /** Whether the person sees it now. */
  isVisible(folder: string): boolean {
    return this.#open.get(folder)?.panel.visible ?? false;
  }

  /** Something is new with what the folder's panel shows, if it has one. */
  tell(folder: string, news: readonly News[] = []): void {
    const open = this.#open.get(folder);
    if (!open) return;
    open.news.push(...news);
    open.timer ??= setTimeout(() => {
      open.timer = undefined;
      for (const message of this.kind.changes(open.shown, open.news.splice(0))) open.page.post(message);
    }, gather);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, kept: Kept | undefined): Promise<void> {
    const shown = kept && (await this.kind.find(kept));
    if (shown) this.#fill(panel, shown);
    else panel.dispose();
  }

  dispose(): void {
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    this.#serializer.dispose();
  }

  #fill(panel: vscode.WebviewPanel, shown: Shown): void {
    panel.iconPath = tabIcon(this.extension);
    const page = showPage<State, FromView, ToView>(panel.webview, {
      view: this.kind.view,
      extension: this.extension,
      state: () => this.kind.state(shown),
      onMessage: (message) => this.kind.onMessage(message, shown),
    });
    const open: Open<Shown, ToView, News> = { panel, page, shown, news: [] };
    this.#open.set(shown.folder, open);
    panel.onDidDispose(() => {
      clearTimeout(open.timer);
      page.dispose();
      this.#open.delete(shown.folder);
    });
  }
}
