/** The chart of the accuracy: on the validation images, of each task where there are several, and on test images. */
import * as l10n from '@vscode/l10n';
import type { RunRecord } from '../dashboard/runRecord.js';
import { figuresOf, tasksOf } from '../dashboard/tasks.js';
import { type ChartData, joinColumns } from './joinColumns.js';
import { LineChart } from './lineChart.js';
import { looks, type SeriesStyle } from './series.js';
import { evaluationPoints, type StepChart, type StepChartOptions } from './stepChart.js';

export class AccuracyChart implements StepChart {
  readonly chart: LineChart;

  constructor(private readonly options: StepChartOptions) {
    const { formats } = options;
    this.chart = new LineChart({
      ...options.common,
      title: l10n.t('Accuracy'),
      format: (value) => formats.percent(value),
      formatTick: (value) => formats.wholePercent(value),
      share: true,
      series: seriesOf([], false),
    });
  }

  show(record: RunRecord): void {
    const { steps } = record;
    const validation = record.evaluationsOf('validation');
    const test = record.evaluationsOf('test');
    // The mean comes first, then each task's own.
    const tasks = tasksOf(record).map(({ name }) => name);
    const several = tasks.length > 1 ? tasks : [];
    const accuracies = [
      evaluationPoints(validation, ({ accuracy }) => accuracy),
      ...several.map((task) => evaluationPoints(validation, (each) => figuresOf(each, task)?.accuracy ?? null)),
      ...(test.length > 0 ? [evaluationPoints(test, ({ accuracy }) => accuracy)] : []),
    ];
    // All charts cover the same steps, so that one crosshair serves them.
    const extent: [number[], null[]] = [steps.step.length ? [steps.step[0]!, steps.step.at(-1)!] : [], [null, null]];
    this.chart.setSeries(seriesOf(several, test.length > 0));
    this.chart.setData(joinColumns([...accuracies, extent]).slice(0, -1) as ChartData);
    this.chart.setMark(this.options.mark(record));
  }
}

function seriesOf(tasks: readonly string[], isTested: boolean): SeriesStyle[] {
  const mean = tasks.length > 0 ? l10n.t('Validation, mean') : l10n.t('Validation');
  const test: SeriesStyle = { label: l10n.t('Test'), color: 'green', kind: 'line', dash: [2, 4], marker: 'diamond' };
  return [
    ...[mean, ...tasks].map((label, index): SeriesStyle => ({ label, kind: 'line', ...looks[index % looks.length]! })),
    ...(isTested ? [test] : []),
  ];
}
