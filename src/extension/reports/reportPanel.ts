/** Editor panels that show a finished table: results of classification, of an evaluation, of an inspection. */
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { commands, reportType } from '../contributions.js';
import { tabIcon } from '../webviews/tabIcon.js';
import { html, type Html } from './html.js';

/** Commands that links in a report may run. */
const linked = [
  commands.openWithPredictions,
  commands.showConfused,
  commands.trainDataset,
  commands.openDashboard,
  commands.showLog,
  commands.doctor,
  'vscode.open',
  'revealInExplorer',
];

export interface Report {
  title: string;
  /** `src` makes the address of a local image for the page. */
  body: (src: (path: string) => string) => Html;
  /** Images that the body shows. */
  images?: readonly string[];
}

const open = new Map<string, vscode.WebviewPanel>();

/** Shows a report; one of the same title is replaced. */
export function showReport(context: vscode.ExtensionContext, { title, body, images = [] }: Report): void {
  const media = vscode.Uri.joinPath(context.extensionUri, 'media');
  const panel =
    open.get(title) ??
    vscode.window.createWebviewPanel(reportType, title, vscode.ViewColumn.Active, { enableFindWidget: true });
  panel.webview.options = {
    enableScripts: false,
    enableCommandUris: linked,
    localResourceRoots: [
      media,
      ...[...new Set(images.map((path) => dirname(path)))].map((folder) => vscode.Uri.file(folder)),
    ],
  };
  panel.iconPath = tabIcon(context.extensionUri);
  const address = (uri: vscode.Uri) => panel.webview.asWebviewUri(uri).toString();
  const source = panel.webview.cspSource;
  panel.webview.html = html`<!doctype html>
    <html lang="${vscode.env.language}">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src ${source}; img-src ${source}"
        />
        <link rel="stylesheet" href="${address(vscode.Uri.joinPath(media, 'report.css'))}" />
        <title>${title}</title>
      </head>
      <body>
        <main>${body((path) => address(vscode.Uri.file(path)))}</main>
      </body>
    </html>`.text;
  if (!open.has(title)) panel.onDidDispose(() => open.delete(title));
  open.set(title, panel);
  panel.reveal(undefined, false);
}
