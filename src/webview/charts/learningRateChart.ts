/** The chart of the learning rate of each step. */
import * as l10n from '@vscode/l10n';
import type { RunRecord } from '../dashboard/runRecord.js';
import { joinColumns } from './joinColumns.js';
import { LineChart } from './lineChart.js';
import { keptSteps, type StepChart, type StepChartOptions, stepPoints } from './stepChart.js';

export class LearningRateChart implements StepChart {
  readonly chart: LineChart;

  constructor({ common, formats }: StepChartOptions) {
    this.chart = new LineChart({
      ...common,
      title: l10n.t('Learning rate'),
      format: (value) => formats.learningRate(value),
      series: [{ label: l10n.t('Learning rate'), color: 'purple', kind: 'line' }],
    });
  }

  show(record: RunRecord): void {
    const kept = keptSteps(record, this.chart);
    this.chart.setData(joinColumns([stepPoints(record, kept, record.steps.learningRate)]));
  }
}
