/** The report on an evaluation: accuracy, each class, and the confusion matrix. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { coverageWords } from '../../shared/coverage.js';
import { extraFigures } from '../../shared/metrics.js';
import type { CoveredEvaluation, TaskEvaluation } from '../../trainer/protocol.js';
import type { Report, ReportBlock } from '../../webview/protocol.js';
import { count, imagesText } from '../runs/count.js';
import { formats } from '../formats.js';
import { imageWays } from './evaluationImages.js';

const { t } = vscode.l10n;

export interface EvaluationData {
  evaluation: CoveredEvaluation;
  /** The file with the list of its images, labels and predictions. */
  list: string;
  /** Folders. */
  checkpoint: string;
  dataset: string;
}

export function evaluationReport({ evaluation, checkpoint, dataset }: EvaluationData): Report {
  const { accuracy, loss, perClass, tasks } = evaluation;
  const total = perClass.reduce((sum, row) => sum + row.support, 0);
  // A multi-label image has several labels, or none: their counts do not add up to the images.
  const images = evaluation.confusion.length === 0 ? [] : [imagesText(total)];
  return {
    title: t('Evaluation on {0}', basename(dataset)),
    heading: t('{0} right on {1}', formats().percent(accuracy), basename(dataset)),
    lead: [
      [...images, t('loss {0}', figure(loss))].join(' · '),
      ...surenessOf(evaluation),
      ...coverageWords(evaluation.coverage, t),
      ...(evaluation.unknown === undefined
        ? []
        : [t('Unlike the training images (unknown): {0}.', count(evaluation.unknown))]),
      vscode.workspace.asRelativePath(checkpoint),
    ],
    links: linksOf(evaluation),
    blocks: tasks
      ? tasks.flatMap((task) =>
          blocksOf(task, task.task, t('{0}: {1} right', task.task, formats().percent(task.accuracy))),
        )
      : blocksOf(evaluation, null),
  };
}

/** Ways into the images of the first task. */
function linksOf({ tasks, confusion, unknown = 0 }: CoveredEvaluation): Report['links'] {
  const task = tasks?.[0]?.task ?? null;
  // Of several labels an image none is the prediction.
  const hasPrediction = (tasks?.[0]?.confusion ?? confusion).length > 0;
  return imageWays(hasPrediction, unknown > 0).map(({ label, query }) => ({
    label,
    action: { type: 'showImages', title: label, task, query },
  }));
}

/** A report that was kept by an older version has neither. */
function surenessOf({ interval, ece }: Partial<Pick<TaskEvaluation, 'interval' | 'ece'>>): string[] {
  if (!interval || ece === undefined) return [];
  const [low, high] = interval;
  return [
    t(
      'The accuracy is between {0} and {1} (95 % interval); calibration error {2}.',
      formats().percent(low),
      formats().percent(high),
      formats().percent(ece),
    ),
  ];
}

const figure = (value: number): string =>
  value.toLocaleString(vscode.env.language, { minimumFractionDigits: 3, maximumFractionDigits: 3 });

/** The classes of one task, and their confusion matrix. */
function blocksOf(evaluation: TaskEvaluation, task: string | null, heading?: string): ReportBlock[] {
  const { labels, perClass, confusion } = evaluation;
  const others = extraFigures(evaluation).map(
    ({ metric, value }) =>
      `${metric.title(vscode.l10n)} ${metric.format === 'percent' ? formats().percent(value) : figure(value)}`,
  );
  const classes: ReportBlock = {
    kind: 'table',
    heading,
    lead: others.join(' · '),
    columns: [
      { title: t('Class'), kind: 'name' },
      { title: t('F1'), kind: 'share' },
      { title: t('Precision'), kind: 'percent' },
      { title: t('Recall'), kind: 'percent' },
      { title: t('Images'), kind: 'count' },
    ],
    rows: perClass.map(({ label, f1, precision, recall, support }) => ({
      cells: [label, f1, precision, recall, support],
      action: { type: 'showImages', title: label, task, query: { words: { label: [label] } } },
    })),
  };
  if (confusion.length === 0) return [classes];
  const lead = t('Rows: true class. Columns: predicted class. A cell opens its images.');
  return [classes, { kind: 'matrix', heading: t('Confusion matrix'), lead, task, labels, counts: confusion }];
}
