/** The page with the result of an evaluation: accuracy, each class, and what was taken for what. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { Evaluation } from '../../trainer/protocol.js';
import { html, type Html } from '../reports/html.js';
import { count, shareBar } from '../reports/pieces.js';
import type { Report } from '../reports/reportPanel.js';
import { percent } from '../runs/runsTree.js';

const { t } = vscode.l10n;

export function evaluationReport(evaluation: Evaluation, checkpoint: string, dataset: string): Report {
  const { accuracy, loss, labels, perClass, confusion } = evaluation;
  const pictures = perClass.reduce((sum, row) => sum + row.support, 0);
  const decimals = { minimumFractionDigits: 3, maximumFractionDigits: 3 };
  return {
    title: t('Evaluation on {0}', basename(dataset)),
    body: () => html`
      <h1>${t('{0} right on {1}', percent(accuracy), basename(dataset))}</h1>
      <p class="lead">
        ${t('{0} pictures', count(pictures))} · ${t('loss {0}', loss.toLocaleString(vscode.env.language, decimals))}<br />${vscode.workspace.asRelativePath(checkpoint)}
      </p>
      <table>
        <thead>
          <tr>
            <th>${t('Class')}</th>
            <th>${t('F1')}</th>
            <th class="number">${t('Precision')}</th>
            <th class="number">${t('Recall')}</th>
            <th class="number">${t('Pictures')}</th>
          </tr>
        </thead>
        <tbody>
          ${perClass.map(
            (row) =>
              html`<tr>
                <td class="name">${row.label}</td>
                <td>${shareBar(row.f1, percent(row.f1))}</td>
                <td class="number">${percent(row.precision)}</td>
                <td class="number">${percent(row.recall)}</td>
                <td class="number">${count(row.support)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
      ${confusion.length > 0 ? confusionMatrix(labels, confusion) : ''}
    `,
  };
}

function confusionMatrix(labels: readonly string[], confusion: readonly (readonly number[])[]): Html {
  return html`
    <h2>${t('Confusion matrix')}</h2>
    <p class="lead">${t('A row is what the pictures are, a column what they were taken for.')}</p>
    <table class="confusion">
      <thead>
        <tr>
          <th></th>
          ${labels.map((label) => html`<th class="number">${label}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${confusion.map(
          (row, truth) =>
            html`<tr>
              <th>${labels[truth] ?? ''}</th>
              ${row.map((n, prediction) => html`<td class="${n === 0 ? 'none' : truth === prediction ? 'right' : 'wrong'}">${count(n)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  `;
}
