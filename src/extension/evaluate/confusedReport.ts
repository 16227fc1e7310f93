/**
 * The page with the images of one cell of a confusion matrix: what they are, what they were taken for, the surest
 * first.
 */
import type { EvaluatedImage } from '../../trainer/protocol.js';
import * as vscode from 'vscode';
import { html } from '../reports/html.js';
import { count, imageCells, shareBar } from '../reports/pieces.js';
import type { Report } from '../reports/reportPanel.js';
import { percent } from '../runs/percent.js';

const { t } = vscode.l10n;

/** So many rows a page can show without making the editor wait. */
const most = 1000;

export interface Confusion {
  /** Null: there is only one task. */
  task: string | null;
  truth: string;
  prediction: string;
}

export function confusedReport(images: readonly EvaluatedImage[], { task, truth, prediction }: Confusion): Report {
  const found = images.flatMap(({ path, answers }) => {
    const answer = answers.find(
      (each) => (task === null || each.task === task) && each.truth === truth && each.prediction.label === prediction,
    );
    return answer ? [{ path, probability: answer.prediction.probability }] : [];
  });
  found.sort((a, b) => b.probability - a.probability);
  const shown = found.slice(0, most);
  const title = truth === prediction ? t('{0}, recognised', truth) : t('{0} taken for {1}', truth, prediction);
  const several =
    found.length > most
      ? t('the surest {0} of {1} images', count(most), count(found.length))
      : t('{0} images', count(found.length));
  const number = found.length === 1 ? t('1 image') : several;
  const name = task === null ? '' : html`${task} · `;
  return {
    title,
    images: shown.map(({ path }) => path),
    body: (src) => html`
      <h1>${title}</h1>
      <p class="lead">${name}${number}</p>
      <table>
        <thead>
          <tr>
            <th></th>
            <th>${t('Image')}</th>
            <th>${t('Probability of {0}', prediction)}</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            ({ path, probability }) =>
              html`<tr>
                ${imageCells(path, src(path))}
                <td>${shareBar(probability, percent(probability))}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    `,
  };
}
