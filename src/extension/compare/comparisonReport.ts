/** The page with a comparison of methods: what each trains, takes and gives. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { Comparison, ComparisonRow } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import { commandLink, html, type Html } from '../reports/html.js';
import { count, shareBar } from '../reports/pieces.js';
import type { Report } from '../reports/reportPanel.js';
import { percent } from '../runs/runsTree.js';

const { t } = vscode.l10n;

const decimal = (value: number): string => value.toLocaleString(vscode.env.language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

function row({ method, run, trainableParameters, peakMemoryBytes, seconds, accuracy, error }: ComparisonRow): Html {
  if (error) {
    return html`<tr>
      <td class="name">${method}</td>
      <td colspan="4"><strong>${error.message}</strong> ${error.remedy}</td>
    </tr>`;
  }
  return html`<tr>
    <td class="name">${commandLink(commands.openDashboard, [run], method)}</td>
    <td>${accuracy === undefined ? '' : shareBar(accuracy, percent(accuracy))}</td>
    <td class="number">${trainableParameters === undefined ? '' : count(trainableParameters)}</td>
    <td class="number">${peakMemoryBytes === undefined ? '' : `${count(Math.round(peakMemoryBytes / 2 ** 20))} MiB`}</td>
    <td class="number">${seconds === undefined ? '' : decimal(seconds)}</td>
  </tr>`;
}

export function comparisonReport({ dataset, settings, methods, rows }: Comparison): Report {
  const missing = methods.length - rows.length;
  return {
    title: t('Methods on {0}', basename(dataset)),
    body: () => html`
      <h1>${t('Methods compared on {0}', basename(dataset))}</h1>
      <p class="lead">
        ${t('Each with its defaults, on the same pictures, split and seed. Memory is that of the process, without a graphics card’s.')}
        ${settings.length ? html`<br />${settings.join(', ')}` : ''}
        ${missing > 0 ? html`<br />${t('{0} methods are still to come: compare again to go on.', count(missing))}` : ''}
      </p>
      <table>
        <thead>
          <tr>
            <th>${t('Method')}</th>
            <th>${t('Accuracy')}</th>
            <th class="number">${t('Trained parameters')}</th>
            <th class="number">${t('Peak memory')}</th>
            <th class="number">${t('Seconds')}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(row)}
        </tbody>
      </table>
    `,
  };
}
