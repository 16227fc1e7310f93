/** The page that tells what inspecting a dataset found. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { Inspection } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import { commandLink, html } from '../reports/html.js';
import { count, problemList } from '../reports/pieces.js';
import type { Report } from '../reports/reportPanel.js';
import { imagesIn } from './datasetStore.js';

const { t } = vscode.l10n;

export function inspectionReport(folder: string, inspection: Inspection): Report {
  const { labels, counts, problems } = inspection;
  const most = Math.max(1, ...counts.map((row) => row.train + row.validation + row.test));
  const origin =
    inspection.splits === 'folders'
      ? t('The splits are the folders that are there.')
      : t('The splits are drawn by seed, each class in the same share.');
  const place = vscode.workspace.asRelativePath(folder);
  return {
    title: t('Dataset {0}', basename(folder)),
    body: () => html`
      <h1>${basename(folder)}</h1>
      <p class="lead">
        ${place === basename(folder) ? '' : html`${place}<br />`}${t('{0} images', count(imagesIn(inspection)))} ·
        ${t('{0} classes', count(labels.length))} · ${origin}<br />
        ${commandLink(commands.trainDataset, [folder], t('Train on this dataset'))}
      </p>
      <table>
        <thead>
          <tr>
            <th>${t('Class')}</th>
            <th></th>
            <th class="number">${t('Training')}</th>
            <th class="number">${t('Validation')}</th>
            <th class="number">${t('Test')}</th>
          </tr>
        </thead>
        <tbody>
          ${counts.map(
            (row) =>
              html`<tr>
                <td class="name">${row.label}</td>
                <td><progress max="${most}" value="${row.train + row.validation + row.test}"></progress></td>
                <td class="number">${count(row.train)}</td>
                <td class="number">${count(row.validation)}</td>
                <td class="number">${count(row.test)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
      <h2>${problems.length === 0 ? t('No problems found') : t('Problems ({0})', count(problems.length))}</h2>
      ${problemList(problems)}
    `,
  };
}
