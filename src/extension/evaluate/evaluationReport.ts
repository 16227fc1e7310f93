/** The page with the result of an evaluation: accuracy, each class, and what was taken for what. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { Evaluation, TaskEvaluation } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import { commandLink, html, type Html } from '../reports/html.js';
import { count, shareBar } from '../reports/pieces.js';
import type { Report } from '../reports/reportPanel.js';
import { percent } from '../runs/percent.js';

const { t } = vscode.l10n;

export function evaluationReport(evaluation: Evaluation, checkpoint: string, dataset: string): Report {
  const { accuracy, loss, perClass, tasks } = evaluation;
  // An image may have several labels, or none, where there are several right ones at once.
  const images =
    evaluation.confusion.length > 0
      ? html`${t('{0} images', count(perClass.reduce((sum, row) => sum + row.support, 0)))} · `
      : '';
  const title = t('Evaluation on {0}', basename(dataset));
  return {
    title,
    body: () => html`
      <h1>${t('{0} right on {1}', percent(accuracy), basename(dataset))}</h1>
      <p class="lead">${images}${t('loss {0}', figure(loss))}<br />${vscode.workspace.asRelativePath(checkpoint)}</p>
      ${
        tasks
          ? tasks.map(
              (task) =>
                html`<h2>${t('{0}: {1} right', task.task, percent(task.accuracy))}</h2>
                  ${taskTables(task, title, task.task)}`,
            )
          : taskTables(evaluation, title, null)
      }
    `,
  };
}

const figure = (value: number): string =>
  value.toLocaleString(vscode.env.language, { minimumFractionDigits: 3, maximumFractionDigits: 3 });

/**
 * The classes of one task, and what was taken for what; `report` and `task` name it for the command that shows the
 * images of a cell.
 */
function taskTables(
  { labels, perClass, confusion, meanAveragePrecision, f1Micro, f1Macro }: TaskEvaluation,
  report: string,
  task: string | null,
): Html {
  const overall: [string, number | undefined][] = [
    [t('mean average precision'), meanAveragePrecision],
    [t('F1 of all answers'), f1Micro],
    [t('mean F1 of the labels'), f1Macro],
  ];
  const told = overall.flatMap(([name, value]) => (value === undefined ? [] : `${name} ${percent(value)}`));
  const cellArguments = (truth: string, prediction: string) => [report, task, truth, prediction];
  return html`
    ${told.length > 0 ? html`<p class="lead">${told.join(' · ')}</p>` : ''}
    <table>
      <thead>
        <tr>
          <th>${t('Class')}</th>
          <th>${t('F1')}</th>
          <th class="number">${t('Precision')}</th>
          <th class="number">${t('Recall')}</th>
          <th class="number">${t('Images')}</th>
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
    ${confusion.length > 0 ? confusionMatrix(labels, confusion, cellArguments) : ''}
  `;
}

function confusionMatrix(
  labels: readonly string[],
  confusion: readonly (readonly number[])[],
  cellArguments: (truth: string, prediction: string) => unknown[],
): Html {
  const cell = (n: number, truth: number, prediction: number) => {
    const place = cellArguments(labels[truth]!, labels[prediction]!);
    const kind = n === 0 ? 'none' : truth === prediction ? 'right' : 'wrong';
    return html`<td class="${kind}">${n === 0 ? count(n) : commandLink(commands.showConfused, place, count(n))}</td>`;
  };
  return html`
    <h2>${t('Confusion matrix')}</h2>
    <p class="lead">
      ${t('A row is what the images are, a column what they were taken for. A number shows its images.')}
    </p>
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
              ${row.map((n, prediction) => cell(n, truth, prediction))}
            </tr>`,
        )}
      </tbody>
    </table>
  `;
}
