/** Pieces that several reports are made of. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { ErrorInfo } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import { commandLink, html, type Html } from './html.js';

/** A whole number in the person's way of writing numbers. */
export function count(value: number): string {
  return value.toLocaleString(vscode.env.language);
}

/** A share of 1 as a bar with its per cent; the element needs no style of its own. */
export function shareBar(share: number, label: string): Html {
  return html`<span class="share"
    ><progress max="1" value="${share}"></progress><span class="number">${label}</span></span
  >`;
}

/** A file's link, by the command that opens it. */
export function fileLink(path: string, label: string): Html {
  return commandLink('vscode.open', [vscode.Uri.file(path)], label);
}

/** Cells with a small image and its name, which opens it with the predictions. */
export function imageCells(path: string, src: string | undefined): Html {
  const name = commandLink(commands.openWithPredictions, [path], basename(path));
  return html`<td class="image">${src === undefined ? '' : html`<img src="${src}" alt="" loading="lazy" />`}</td>
    <td class="name" title="${path}">${name}</td>`;
}

/** A list of what is wrong, each with its remedy. */
export function problemList(problems: readonly ErrorInfo[]): Html {
  return html`<ul class="problems">
    ${problems.map(
      (problem) =>
        html`<li>
          <strong>${problem.message}</strong> ${problem.remedy}
          ${problem.file ? html`<br /><code>${fileLink(problem.file, problem.file)}</code>` : ''}
        </li>`,
    )}
  </ul>`;
}
