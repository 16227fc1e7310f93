/** Precision, recall and F1 of a label from what was counted of it. */
import type { ClassFigures } from '../protocol.js';
import { classIntervals } from '../../shared/interval.js';
import { f1, ratio, type ClassTally } from '../../shared/metrics.js';

/** A label that was never predicted has precision 0, one without images recall 0, as scikit-learn has it. */
export function classFigures(tally: ClassTally): ClassFigures {
  const { label, hits, predicted, support, averagePrecision } = tally;
  return {
    label,
    precision: ratio(hits, predicted),
    recall: ratio(hits, support),
    f1: f1(tally),
    support,
    ...(averagePrecision === undefined ? {} : { averagePrecision }),
    intervals: classIntervals(tally),
  };
}
