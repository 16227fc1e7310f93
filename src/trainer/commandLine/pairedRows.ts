/** Whether the methods of a comparison differ from the best of them by more than chance. */
import * as l10n from '@vscode/l10n';
import { pairedWords } from '../../shared/pairedTest.js';
import { compareOutcomes } from '../../shared/outcomes.js';
import { readOutcomes } from '../models/outcomesFile.js';
import type { ComparisonRow } from '../protocol.js';
import { resolveCheckpoint } from '../runs/runFolder.js';

/** The rows, each with how it differs from the most accurate one on the same images, where that is known. */
export async function pairRows(rows: readonly ComparisonRow[]): Promise<ComparisonRow[]> {
  // Of several seeds no one run stands for the row.
  if (rows.some(({ seeds }) => seeds)) return rows.map(({ paired: _old, ...row }) => row);
  const trained = rows.filter(({ accuracy, error }) => accuracy !== undefined && !error);
  const [best] = [...trained].sort((a, b) => b.accuracy! - a.accuracy!);
  if (!best) return [...rows];
  const outcomesOf = async ({ run }: ComparisonRow) => readOutcomes(await resolveCheckpoint(run));
  const ofBest = await outcomesOf(best);
  return Promise.all(
    rows.map(async ({ paired: _old, ...row }) => {
      const own = row.method === best.method || !trained.some(({ method }) => method === row.method);
      const outcomes = own ? undefined : await outcomesOf(row);
      const test = ofBest && outcomes && compareOutcomes(outcomes, ofBest);
      if (!test) return row;
      const { difference, p, images } = test;
      return { ...row, paired: { against: best.method, difference, p, images } };
    }),
  );
}

/** A line for each row that was compared with the best. */
export const pairedLines = (rows: readonly ComparisonRow[]): string[] =>
  rows.flatMap(({ method, paired }) => (paired ? [`${method}: ${pairedWords(paired, paired.against, l10n.t)}`] : []));
