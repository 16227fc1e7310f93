/**
 * The metrics of an evaluation, one row each. The trainer computes them; the command line, the dashboard and the
 * reports show them. A new metric is a new row here.
 */
import type { Localiser } from './localiser.js';
import { numberOrNotFinite, optional, type Schema } from './schema.js';

/** What an evaluation counted of one label. */
export interface ClassTally {
  label: string;
  /** Images that have the label and for which it was predicted. */
  hits: number;
  predicted: number;
  support: number;
  /** Area under the precision-recall curve; only of a multi-label task, and where some image has the label. */
  averagePrecision?: number;
}

/** What an evaluation counted of one task. */
export interface Tally {
  multiLabel: boolean;
  images: number;
  /** Images whose labels are all right. */
  right: number;
  /** Sum of the cross-entropies, in nats. */
  loss: number;
  classes: readonly ClassTally[];
}

interface MetricRow {
  /** As written within a sentence, e.g. `macro F1`. */
  title(l10n: Localiser): string;
  help(l10n: Localiser): string;
  /** The tasks that have it: all, those with one right label an image, or those with any number. */
  tasks: 'all' | 'oneLabel' | 'multiLabel';
  higherIsBetter: boolean;
  format: 'percent' | 'decimal';
  /** Its value after the images that were counted so far. */
  update(tally: Tally): number;
}

/** 0 where there is nothing to divide by, as scikit-learn has it. */
export const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]): number => ratio(sum(values), values.length);

/** 2PR / (P + R), with precision and recall written out. */
export const f1 = ({ hits, predicted, support }: ClassTally): number => ratio(2 * hits, predicted + support);

const rows = {
  accuracy: {
    title: (l10n) => l10n.t('accuracy'),
    help: (l10n) => l10n.t('Share of the images whose labels are all right.'),
    tasks: 'all',
    higherIsBetter: true,
    format: 'percent',
    update: ({ right, images }) => right / images,
  },
  loss: {
    title: (l10n) => l10n.t('loss'),
    help: (l10n) => l10n.t('Mean cross-entropy of the images.'),
    tasks: 'all',
    higherIsBetter: false,
    format: 'decimal',
    update: ({ loss, images }) => loss / images,
  },
  balancedAccuracy: {
    title: (l10n) => l10n.t('balanced accuracy'),
    help: (l10n) =>
      l10n.t('Mean of the recall of each label that has images: rare labels count as much as frequent ones.'),
    tasks: 'oneLabel',
    higherIsBetter: true,
    format: 'percent',
    update: ({ classes }) =>
      mean(classes.filter(({ support }) => support > 0).map(({ hits, support }) => hits / support)),
  },
  meanAveragePrecision: {
    title: (l10n) => l10n.t('mean average precision'),
    help: (l10n) => l10n.t('Mean over the labels of the area under the precision-recall curve.'),
    tasks: 'multiLabel',
    higherIsBetter: true,
    format: 'percent',
    update: ({ classes }) => mean(classes.flatMap(({ averagePrecision }) => averagePrecision ?? [])),
  },
  f1Micro: {
    title: (l10n) => l10n.t('micro F1'),
    help: (l10n) => l10n.t('F1 of all predictions together.'),
    tasks: 'multiLabel',
    higherIsBetter: true,
    format: 'percent',
    update: ({ classes }) =>
      ratio(
        2 * sum(classes.map(({ hits }) => hits)),
        sum(classes.map(({ predicted, support }) => predicted + support)),
      ),
  },
  f1Macro: {
    title: (l10n) => l10n.t('macro F1'),
    help: (l10n) => l10n.t('Mean of the F1 of each label.'),
    tasks: 'multiLabel',
    higherIsBetter: true,
    format: 'percent',
    update: ({ classes }) => mean(classes.map(f1)),
  },
} satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof rows;
export type Metric = MetricRow & { name: MetricName };

export const metrics: readonly Metric[] = Object.entries(rows).map(([name, row]) => ({
  ...row,
  name: name as MetricName,
}));

/** The metrics that every task has: a run can be steered by them. */
export type CommonMetric = {
  [Name in MetricName]: (typeof rows)[Name]['tasks'] extends 'all' ? Name : never;
}[MetricName];

export const commonMetrics = metrics.filter(
  (metric): metric is Metric & { name: CommonMetric } => metric.tasks === 'all',
);

/** Whether `a` is better than `b` by a metric; where both are equal, the smaller loss is better. */
export function isBetter(
  name: CommonMetric,
  a: Record<CommonMetric, number>,
  b: Record<CommonMetric, number>,
): boolean {
  const gain = rows[name].higherIsBetter ? a[name] - b[name] : b[name] - a[name];
  return gain > 0 || (gain === 0 && a.loss < b.loss);
}

/** Accuracy and loss, and what else the task has. */
export type Figures = Record<CommonMetric, number> & ExtraFigures;
export type ExtraFigures = Partial<Record<Exclude<MetricName, CommonMetric>, number>>;

/** What a log or a table must have for each of them. */
export const extraFigureSchemas = Object.fromEntries(
  metrics.flatMap(({ name, tasks }) => (tasks === 'all' ? [] : [[name, optional(numberOrNotFinite)]])),
) as { [Name in keyof ExtraFigures]-?: Schema<number | undefined> };

/** The metrics of a task with one right label an image (`oneLabel`) or any number of them. */
export const metricsOf = (tasks: 'oneLabel' | 'multiLabel'): Metric[] =>
  metrics.filter((metric) => metric.tasks === 'all' || metric.tasks === tasks);

/** The values of all metrics that the task has. The tally holds at least one image. */
export function measure(tally: Tally): Figures {
  if (tally.images === 0) throw new Error('metrics of no images');
  const values = metricsOf(tally.multiLabel ? 'multiLabel' : 'oneLabel').map(({ name, update }) => [
    name,
    update(tally),
  ]);
  return Object.fromEntries(values) as Figures;
}

/** Further metrics besides accuracy and loss, which every view shows separately. */
export function extraFigures(figures: ExtraFigures): { metric: Metric; value: number }[] {
  return metrics.flatMap((metric) => {
    const value = metric.tasks === 'all' ? undefined : figures[metric.name as keyof ExtraFigures];
    return value === undefined ? [] : [{ metric, value }];
  });
}
