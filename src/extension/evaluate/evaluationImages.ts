/** The images of an evaluation: how they are computed, and the ways in which they are shown. */
import * as vscode from 'vscode';
import { coverageWords } from '../../shared/coverage.js';
import type { CommandOutputs, CoveredEvaluation } from '../../trainer/protocol.js';
import type { ImageQuery } from '../../webview/protocol.js';
import type { AcceptedShare } from '../classify/acceptedShare.js';
import { ShownError } from '../errors/shownError.js';
import { ask } from '../notify.js';
import type { Report } from '../progress.js';
import { count } from '../runs/count.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';

const { t } = vscode.l10n;

/** Says how many images are done. */
export function reportImages(output: CommandOutputs['evaluate' | 'diff'], report: Report): void {
  if (output.type !== 'progress') return;
  const { done, total } = output;
  report(t('{0} of {1} images', count(done), count(total)), (100 * done) / Math.max(1, total));
}

/** Refusals for want of images that were not trained on. */
const onlyTrained: ReadonlySet<string> = new Set(['EVALUATION_ONLY_TRAINING', 'COMPARED_WITHOUT_IMAGES']);

/** Runs `work`. Where all images were trained on, asks whether they shall do, and runs it with them. */
export async function askForAll<Result>(work: (more: readonly string[]) => PromiseLike<Result>): Promise<Result> {
  try {
    return await work([]);
  } catch (error) {
    if (!(error instanceof ShownError) || !onlyTrained.has(error.info.code)) throw error;
    const detail = t('A figure on images that a model was trained on looks better than it is.');
    if (!(await ask(error.info.message, t('Use These Images'), detail))) throw new vscode.CancellationError();
    return work(['--all']);
  }
}

/**
 * Evaluates as `args` say, with what the user accepts as known, writes the list of the images to `list`, and reports
 * how far it is.
 */
export async function evaluateImages(
  launch: Launch,
  args: readonly string[],
  accepted: AcceptedShare,
  list: string,
  signal: AbortSignal,
  report: Report,
): Promise<CoveredEvaluation> {
  const outputs = await runCommand(launch, 'evaluate', {
    args: [...args, ...(accepted.current === undefined ? [] : ['--accept', String(accepted.current)]), '--list', list],
    signal,
    onOutput: (output) => reportImages(output, report),
  });
  return outputOf(outputs, 'evaluation');
}

/** The ways into the images that every report of an evaluation has. */
export function imageWays(
  hasPrediction: boolean,
  hasUnknown: boolean,
): { label: string; query: Partial<ImageQuery> }[] {
  const all = { label: t('All images'), query: {} };
  if (!hasPrediction) return [all];
  return [
    {
      label: t('Mistakes, most confident first'),
      query: { verdict: 'wrong', sort: { column: 'probability', descending: true } },
    },
    { label: t('Low confidence'), query: { sort: { column: 'probability', descending: false } } },
    ...(hasUnknown ? [{ label: t('Unknown images'), query: { words: { likeness: ['unknown'] } } }] : []),
    all,
  ];
}

/** A cell of the matrix of a task. */
interface Cell {
  truth: string;
  prediction: string;
}

export const confusedTitle = ({ truth, prediction }: Cell): string =>
  truth === prediction ? t('{0}, classified correctly', truth) : t('{0} predicted as {1}', truth, prediction);

/** The images of a cell, the most confident first. */
export const confusedQuery = ({ truth, prediction }: Cell): Partial<ImageQuery> => ({
  words: { label: [truth], prediction: [prediction] },
  sort: { column: 'probability', descending: true },
});

/** Which images an evaluation covers. */
export const gridLead = ({ coverage }: CoveredEvaluation): string[] => coverageWords(coverage, t);
