/** The report on classified images: the most confident first, then the unknown, those without a result last. */
import * as vscode from 'vscode';
import type { Classification, Prediction } from '../../trainer/protocol.js';
import type { Report, ReportRow } from '../../webview/protocol.js';
import { count } from '../runs/count.js';
import { formats } from '../formats.js';

const { t } = vscode.l10n;

export interface ClassificationData {
  results: readonly Classification[];
  checkpoint: { run: string; step: number };
  /** The user cancelled it before the end. */
  stopped: boolean;
}

type Classified = Extract<Classification, { predictions: unknown }>;
type Failed = Extract<Classification, { error: unknown }>;

export function classificationReport({ results, checkpoint, stopped }: ClassificationData): Report {
  const classified = results.filter((result): result is Classified => 'predictions' in result);
  const confidenceIn = ({ predictions: [first], unknown }: Classified): number =>
    (first?.probability ?? 0) - (unknown?.isUnknown ? 1 : 0);
  classified.sort((a, b) => confidenceIn(b) - confidenceIn(a));
  const unknown = classified.filter((result) => result.unknown?.isUnknown).length;
  const failed = results.filter((result): result is Failed => 'error' in result);
  return {
    title: t('Classification Results'),
    heading: classified.length === 1 ? t('1 image classified') : t('{0} images classified', count(classified.length)),
    lead: [
      [
        t('by {0}, step {1}', checkpoint.run, count(checkpoint.step)),
        ...(unknown > 0 ? [t('{0} unknown', count(unknown))] : []),
        ...(failed.length > 0 ? [t('{0} could not be read', count(failed.length))] : []),
        ...(stopped ? [t('cancelled before the end')] : []),
      ].join(' · '),
    ],
    links: [],
    blocks: [
      {
        kind: 'table',
        columns: [
          { title: t('Image'), kind: 'image' },
          { title: t('Class'), kind: 'words' },
          { title: t('Probability'), kind: 'share' },
          { title: t('Then'), kind: 'quiet' },
        ],
        rows: [...classified.map(classifiedRow), ...failed.map(failedRow)],
      },
    ],
  };
}

function classifiedRow({ path, predictions, tasks, unknown }: Classified): ReportRow {
  const [first, ...others] = predictions;
  const named = ({ label, probability }: Prediction) => `${label} ${formats().percent(probability)}`;
  // Of several tasks the others' predictions say more than what else this one could have been.
  const also =
    tasks?.slice(1).flatMap(({ task, predictions: [best] }) => (best ? [`${task}: ${named(best)}`] : [])) ??
    others.slice(0, 2).map(named);
  // A bar would look like an answer.
  if (unknown?.isUnknown) {
    const nearest = t('nearest: {0}', unknown.nearest.join(', '));
    const likeliest = first && t('likeliest: {0}', named(first));
    return { cells: [path, t('Unknown'), null, [nearest, likeliest].filter(Boolean).join(' · ')] };
  }
  return { cells: [path, first?.label ?? null, first?.probability ?? null, also.join(', ')] };
}

const failedRow = ({ path, error: { message, remedy } }: Failed): ReportRow => ({
  cells: [path, null, null, null],
  instead: { message, remedy },
});
