/** The page of a view (see webview/protocol.ts) and the talk with it. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { FromAnyView, Init, Patch, ViewName } from '../../webview/protocol.js';
import { showError } from '../errors/showError.js';
import { openPlace } from '../errors/openPlace.js';
import { log } from '../log/log.js';

export interface PageOptions<State, FromView> {
  view: ViewName;
  extension: vscode.Uri;
  /** Folders beside the view's own that it may show files of. */
  folders?: vscode.Uri[];
  /** All that the view needs; asked for at each `ready`. */
  state: () => State | Promise<State>;
  /** What the view says beyond what every view may. */
  onMessage: (message: Exclude<FromView, FromAnyView>) => unknown;
}

export interface Page<ToView> {
  /** Says it to the view, if that is listening; one that is not asks for all when it is again. */
  post(message: ToView): void;
  dispose(): void;
}

/** Fills a webview with a view. `ToView` beside `init` is what the caller posts later. */
export function showPage<State, FromView extends { type: string }, ToView extends { type: string } = Patch<State>>(
  webview: vscode.Webview,
  { view, extension, folders = [], state, onMessage }: PageOptions<State, FromView>,
): Page<ToView> {
  const root = vscode.Uri.joinPath(extension, 'dist', 'webview');
  webview.options = { enableScripts: true, localResourceRoots: [root, ...folders] };
  const address = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(root, file)).toString();
  const nonce = randomBytes(16).toString('hex');
  const subscription = webview.onDidReceiveMessage(async (message: FromView | FromAnyView) => {
    try {
      if (message.type === 'ready') {
        const init: Init<State> = {
          type: 'init',
          language: vscode.env.language,
          bundle: vscode.l10n.bundle as Record<string, string> | undefined,
          state: await state(),
        };
        await webview.postMessage(init);
      } else if (message.type === 'openPlace') await openPlace(message as Extract<FromAnyView, { type: 'openPlace' }>);
      else if (message.type === 'openLog') log().show();
      else await onMessage(message as Exclude<FromView, FromAnyView>);
    } catch (error) {
      await showError(error);
    }
  });
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `img-src ${webview.cspSource} data: blob:`,
  ].join('; ');
  webview.html = `<!doctype html>
<html lang="${vscode.env.language}">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta property="csp-nonce" content="${nonce}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="${address(`${view}.css`)}">
  </head>
  <body data-view="${view}">
    <main id="view"></main>
    <script nonce="${nonce}" src="${address(`${view}.js`)}"></script>
  </body>
</html>`;
  return { post: (message) => void webview.postMessage(message), dispose: () => subscription.dispose() };
}
