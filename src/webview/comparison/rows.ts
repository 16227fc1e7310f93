/**
 * The lines of a comparison: what each method is at, and which of those that are done is the best in what. Knows no
 * DOM.
 */
import type { Comparison, ComparisonRow } from '../../trainer/protocol.js';
import type { ComparisonState, MethodName } from '../protocol.js';

/** What methods are compared by. */
export type Figure = 'accuracy' | 'trainableParameters' | 'peakMemoryBytes' | 'bytes' | 'seconds';

export interface MethodRow {
  method: MethodName;
  state: 'done' | 'failed' | 'working' | 'waiting';
  /** Where it is done or failed. */
  result?: ComparisonRow;
  /** The figures in which no other method is better. */
  best: ReadonlySet<Figure>;
}

const figures: readonly Figure[] = ['accuracy', 'trainableParameters', 'peakMemoryBytes', 'bytes', 'seconds'];

/**
 * The best value of a column: the highest accuracy, the lowest value of the others. With fewer than two methods nothing
 * is best.
 */
function bestOf(rows: readonly ComparisonRow[], figure: Figure): number | undefined {
  const values = rows.flatMap((row) => (row.error ? [] : (row[figure] ?? [])));
  if (values.length < 2) return undefined;
  return figure === 'accuracy' ? Math.max(...values) : Math.min(...values);
}

export function methodRows({ comparison, work }: Pick<ComparisonState, 'comparison' | 'work'>): MethodRow[] {
  const best = figures.map((figure) => [figure, bestOf(comparison.rows, figure)] as const);
  return comparison.methods.map((method): MethodRow => {
    const result = comparison.rows.find((row) => row.method === method);
    // One that failed before may be at its second try.
    if (work?.method === method && (!result || result.error)) return { method, state: 'working', best: new Set() };
    if (!result) return { method, state: 'waiting', best: new Set() };
    if (result.error) return { method, state: 'failed', result, best: new Set() };
    return {
      method,
      state: 'done',
      result,
      best: new Set(
        best.flatMap(([figure, value]) => (value !== undefined && result[figure] === value ? [figure] : [])),
      ),
    };
  });
}

/** The share of its seeds that a method is trained with: 0 to 1. */
const seedsDone = ({ seeds = 1 }: Comparison, { result }: MethodRow): number =>
  result ? Math.min(1, (result.seeds?.length ?? 1) / seeds) : 0;

/** Whether seeds of methods are still to be trained with. */
export const hasMoreSeeds = ({ comparison, work }: Pick<ComparisonState, 'comparison' | 'work'>): boolean =>
  methodRows({ comparison, work }).some((row) => row.state === 'done' && seedsDone(comparison, row) < 1);

/** Methods that are done or failed, and the share of the one at work, of all: 0 to 1. */
export function shareDone({ comparison, work }: Pick<ComparisonState, 'comparison' | 'work'>): number {
  const done = methodRows({ comparison, work })
    .map((row) => (row.state === 'done' ? seedsDone(comparison, row) : row.state === 'failed' ? 1 : 0))
    .reduce((sum, share) => sum + share, 0);
  const part = (work && work.phase === null && work.total > 1 ? work.done / work.total : 0) / (comparison.seeds ?? 1);
  return (done + part) / Math.max(1, comparison.methods.length);
}
