/** The charts of a run's course: loss, accuracy and learning rate, with one crosshair. */
import * as l10n from '@vscode/l10n';
import { AccuracyChart } from '../charts/accuracyChart.js';
import { LearningRateChart } from '../charts/learningRateChart.js';
import type { Mark } from '../charts/lineChart.js';
import { LossChart } from '../charts/lossChart.js';
import type { CurveSettings, StepChart, StepChartOptions } from '../charts/stepChart.js';
import { h } from '../element.js';
import type { Formats } from '../../shared/formats.js';
import type { RunRecord } from './runRecord.js';

export class Curves {
  readonly element: HTMLElement;
  private readonly charts: readonly StepChart[];

  constructor(
    private record: RunRecord,
    settings: CurveSettings,
    private readonly formats: Formats,
    onSettings: () => void,
  ) {
    const onZoom = () => this.show(this.record);
    const options: StepChartOptions = {
      formats,
      common: { stepLabel: l10n.t('Step'), formatStep: (step) => formats.integer(step), onZoom },
      onZoom,
      mark: (each) => this.mark(each),
    };
    this.charts = [
      new LossChart(settings, options, onSettings),
      new AccuracyChart(options),
      new LearningRateChart(options),
    ];
    this.element = h('div', { class: 'curves' }, ...this.charts.map(({ chart }) => chart.element));
  }

  show(record: RunRecord): void {
    this.record = record;
    for (const chart of this.charts) chart.show(record);
  }

  recolor(): void {
    for (const { chart } of this.charts) chart.recolor();
  }

  dispose(): void {
    for (const { chart } of this.charts) chart.dispose();
  }

  private mark(record: RunRecord): Mark | null {
    const { bestStep } = record;
    return bestStep === undefined
      ? null
      : { step: bestStep, words: l10n.t('circled: best, step {0}', this.formats.integer(bestStep)) };
  }
}
