/** The page with the results of classifying several images: the surest first, those without an answer last. */
import * as vscode from 'vscode';
import type { Classification, Prediction } from '../../trainer/protocol.js';
import { html, type Html } from '../reports/html.js';
import { count, imageCells, shareBar } from '../reports/pieces.js';
import type { Report } from '../reports/reportPanel.js';
import type { ActiveCheckpoint } from '../runs/activeCheckpoint.js';
import { percent } from '../runs/percent.js';

const { t } = vscode.l10n;

type Answered = Extract<Classification, { predictions: unknown }>;

export function classificationReport(
  results: readonly Classification[],
  checkpoint: ActiveCheckpoint,
  stopped: boolean,
): Report {
  const answered = results.filter((result): result is Answered => 'predictions' in result);
  answered.sort((a, b) => (b.predictions[0]?.probability ?? 0) - (a.predictions[0]?.probability ?? 0));
  const failed = results.filter((result) => 'error' in result);
  const by = t('by {0}, step {1}', checkpoint.run, count(checkpoint.step));
  const unread =
    failed.length > 0 ? html` · <span class="failed">${t('{0} could not be read', count(failed.length))}</span>` : '';
  return {
    title: t('Classification Results'),
    images: answered.map((result) => result.path),
    body: (src) => html`
      <h1>${t('{0} images classified', count(answered.length))}</h1>
      <p class="lead">${by}${unread}${stopped ? ` · ${t('cancelled before the end')}` : ''}</p>
      <table>
        <thead>
          <tr>
            <th></th>
            <th>${t('Image')}</th>
            <th>${t('Class')}</th>
            <th>${t('Probability')}</th>
            <th>${t('Then')}</th>
          </tr>
        </thead>
        <tbody>
          ${answered.map((result) => row(result, src))} ${failed.map(failedRow)}
        </tbody>
      </table>
    `,
  };
}

function row({ path, predictions, tasks }: Answered, src: (path: string) => string): Html {
  const [first, ...others] = predictions;
  const named = ({ label, probability }: Prediction) => `${label} ${percent(probability)}`;
  // Of several tasks the others' answers say more than what else this one could have been.
  const also =
    tasks?.slice(1).flatMap(({ task, predictions: [best] }) => (best ? [`${task}: ${named(best)}`] : [])) ??
    others.slice(0, 2).map(named);
  return html`<tr>
    ${imageCells(path, src(path))}
    <td><strong>${first?.label ?? ''}</strong></td>
    <td>${first ? shareBar(first.probability, percent(first.probability)) : ''}</td>
    <td class="others">${also.join(', ')}</td>
  </tr>`;
}

function failedRow(result: Classification): Html {
  const error = 'error' in result ? result.error : undefined;
  return html`<tr>
    ${imageCells(result.path, undefined)}
    <td colspan="3"><span class="failed">${error?.message ?? ''}</span> ${error?.remedy ?? ''}</td>
  </tr>`;
}
