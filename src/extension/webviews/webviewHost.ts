/** The host's side of one webview (view, panel or editor): its page, its state, messages, requests, and errors. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { FromAnyView, Init, ViewName } from '../../webview/protocol.js';
import { openPlace } from '../errors/openPlace.js';
import { showError } from '../errors/showError.js';
import { log } from '../log/log.js';

/** Milliseconds in which news is gathered before the view is sent it. */
const gather = 150;

export type OwnMessage<FromView> = Exclude<FromView, FromAnyView>;

export interface Content<State, FromView, ToView, News> {
  view: ViewName;
  /** Of the document. */
  title: string;
  /** Folders in addition to the view's own that it may show files of. */
  folders?: readonly vscode.Uri[];
  /** All that the view needs; computed at each `ready`. */
  state: () => State | Promise<State>;
  /** What the view is sent once something is new. */
  changes?: (news: News[]) => ToView[];
  /** What the view says beyond what every view may. */
  onMessage: (message: OwnMessage<FromView>) => unknown;
}

export class WebviewHost<State, FromView extends { type: string }, ToView extends { type: string }, News = never>
  implements vscode.Disposable
{
  readonly #subscription: vscode.Disposable;
  readonly #news: News[] = [];
  /** Messages that came up while the state was computed: they follow it. */
  readonly #held: ToView[] = [];
  #starting = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly webview: vscode.Webview,
    extension: vscode.Uri,
    private readonly content: Content<State, FromView, ToView, News>,
  ) {
    const { view, title, folders = [] } = content;
    const root = vscode.Uri.joinPath(extension, 'dist', 'webview');
    webview.options = { enableScripts: true, localResourceRoots: [root, ...folders] };
    this.#subscription = webview.onDidReceiveMessage((message: FromView | FromAnyView) => this.#receive(message));
    webview.html = pageOf(webview, root, view, title);
  }

  /**
   * Sends it to the view at once if the view is listening; otherwise the view requests everything when it is ready
   * again.
   */
  post(message: ToView): void {
    if (this.#starting > 0) this.#held.push(message);
    else void this.webview.postMessage(message);
  }

  /** Something is new: the view is sent `changes` soon, and once for all that comes up until then. */
  changed(...news: News[]): void {
    this.#news.push(...news);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const message of this.content.changes?.(this.#news.splice(0)) ?? []) this.post(message);
    }, gather);
  }

  /** Sends the whole state: in response to `ready`, and when all of it changes. */
  async restart(): Promise<void> {
    this.#starting++;
    try {
      const init: Init<State> = {
        type: 'init',
        language: vscode.env.language,
        bundle: vscode.l10n.bundle as Record<string, string> | undefined,
        state: await this.content.state(),
      };
      await this.webview.postMessage(init);
    } finally {
      if (--this.#starting === 0) for (const message of this.#held.splice(0)) this.post(message);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
  }

  async #receive(message: FromView | FromAnyView): Promise<void> {
    try {
      if (message.type === 'ready') await this.restart();
      else if (message.type === 'openPlace') await openPlace(message as Extract<FromAnyView, { type: 'openPlace' }>);
      else if (message.type === 'openLog') log().show();
      else await this.content.onMessage(message as OwnMessage<FromView>);
    } catch (error) {
      await showError(error);
    }
  }
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

function pageOf(webview: vscode.Webview, root: vscode.Uri, view: ViewName, title: string): string {
  const address = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(root, file)).toString();
  const nonce = randomBytes(16).toString('hex');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `img-src ${webview.cspSource} data: blob:`,
  ].join('; ');
  return `<!doctype html>
<html lang="${escaped(vscode.env.language)}">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta property="csp-nonce" content="${nonce}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escaped(title)}</title>
    <link rel="stylesheet" href="${address(`${view}.css`)}">
  </head>
  <body data-view="${view}">
    <main id="view"></main>
    <script nonce="${nonce}" src="${address(`${view}.js`)}"></script>
  </body>
</html>`;
}
