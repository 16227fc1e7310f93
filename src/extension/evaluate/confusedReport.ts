/** The report on the images of one cell of a confusion matrix, the most confident first. */
import * as vscode from 'vscode';
import type { EvaluatedImage } from '../../trainer/protocol.js';
import type { Report } from '../../webview/protocol.js';
import { imagesText } from '../runs/count.js';

const { t } = vscode.l10n;

/** A cell of the matrix of a task; null: there is only one task. */
interface Cell {
  task: string | null;
  truth: string;
  prediction: string;
}

export interface ConfusedData extends Cell {
  /** With the probability of `prediction`; the surest first. */
  images: { path: string; probability: number }[];
}

export function confusedIn(
  { images }: { images: readonly EvaluatedImage[] },
  { task, truth, prediction }: Cell,
): ConfusedData {
  const found = images.flatMap(({ path, answers }) => {
    const answer = answers.find(
      (each) => (task === null || each.task === task) && each.truth === truth && each.prediction.label === prediction,
    );
    return answer ? [{ path, probability: answer.prediction.probability }] : [];
  });
  found.sort((a, b) => b.probability - a.probability);
  return { task, truth, prediction, images: found };
}

export function confusedReport({ task, truth, prediction, images }: ConfusedData): Report {
  const title =
    truth === prediction ? t('{0}, classified correctly', truth) : t('{0} predicted as {1}', truth, prediction);
  const number = imagesText(images.length);
  return {
    title,
    heading: title,
    lead: [task === null ? number : `${task} · ${number}`],
    links: [],
    blocks: [
      {
        kind: 'table',
        columns: [
          { title: t('Image'), kind: 'image' },
          { title: t('Probability of {0}', prediction), kind: 'share' },
        ],
        rows: images.map(({ path, probability }) => ({ cells: [path, probability] })),
      },
    ],
  };
}
