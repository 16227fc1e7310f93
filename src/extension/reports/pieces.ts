/** Pieces that several reports are made of. */
import * as vscode from 'vscode';
import type { ErrorInfo } from '../../trainer/protocol.js';
import { commandLink, html, type Html } from './html.js';

/** A whole number in the person's way of writing numbers. */
export function count(value: number): string {
  return value.toLocaleString(vscode.env.language);
}

/** A share of 1 as a bar with its per cent; the element needs no style of its own. */
export function shareBar(share: number, label: string): Html {
  return html`<span class="share"><progress max="1" value="${share}"></progress><span class="number">${label}</span></span>`;
}

/** A file's link, by the command that opens it. */
export function fileLink(path: string, label: string): Html {
  return commandLink('vscode.open', [vscode.Uri.file(path)], label);
}

/** A list of what is wrong, each with its remedy. */
export function problemList(problems: readonly ErrorInfo[]): Html {
  return html`<ul class="problems">
    ${problems.map(
      (problem) =>
        html`<li>
          <strong>${problem.message}</strong> ${problem.remedy} ${problem.file ? html`<br /><code>${fileLink(problem.file, problem.file)}</code>` : ''}
        </li>`,
    )}
  </ul>`;
}
