/** Precision, recall and F1 of each class from a confusion matrix. */

import { classIntervals, type ClassIntervals } from '../shared/interval.js';

export interface ClassFigures {
  label: string;
  /** 0 to 1; undefined where nothing was predicted (precision) or nothing is there (recall). */
  precision: number | undefined;
  recall: number | undefined;
  f1: number | undefined;
  /** Images of the class. */
  support: number;
  /** Of a multi-label task; absent where no image has the label. */
  averagePrecision?: number;
  /** Intervals of 95 %. */
  intervals?: ClassIntervals;
}

/** `confusion[truth][prediction]`, counts. */
export function perClass(labels: readonly string[], confusion: readonly (readonly number[])[]): ClassFigures[] {
  return labels.map((label, index) => {
    const right = confusion[index]?.[index] ?? 0;
    const support = sum(confusion[index] ?? []);
    const predicted = sum(confusion.map((row) => row[index] ?? 0));
    return {
      label,
      precision: predicted > 0 ? right / predicted : undefined,
      recall: support > 0 ? right / support : undefined,
      f1: support + predicted > 0 ? (2 * right) / (support + predicted) : undefined,
      support,
      intervals: classIntervals({ hits: right, predicted, support }),
    };
  });
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
