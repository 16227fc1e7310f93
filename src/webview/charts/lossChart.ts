/** The chart of the loss: of each step, smoothed, and of the validation images. */
import * as l10n from '@vscode/l10n';
import { checkbox } from '../controls.js';
import type { RunRecord } from '../dashboard/runRecord.js';
import { h } from '../element.js';
import type { CurveSettings, StepChart, StepChartOptions } from './stepChart.js';
import { evaluationPoints, keptSteps, stepPoints } from './stepChart.js';
import { joinColumns } from './joinColumns.js';
import { LineChart } from './lineChart.js';
import { smooth } from './smooth.js';

export class LossChart implements StepChart {
  readonly chart: LineChart;
  private readonly smoothingValue = h('output', { class: 'quiet smoothing-value' });

  constructor(
    private readonly settings: CurveSettings,
    private readonly options: StepChartOptions,
    onSettings: () => void,
  ) {
    const { formats } = options;
    const slider = h('input', {
      type: 'range',
      min: 0,
      max: 0.99,
      step: 0.01,
      value: settings.smoothing,
      id: 'smoothing',
      input: () => {
        settings.smoothing = Number(slider.value);
        options.onZoom();
        onSettings();
      },
    });
    const logarithmic = checkbox({
      name: 'logarithmic',
      label: l10n.t('Log scale'),
      onChange: () => {
        settings.logarithmic = logarithmic.checked;
        this.chart.setLogarithmic(logarithmic.checked);
        onSettings();
      },
    });
    logarithmic.setChecked(settings.logarithmic);
    const label = h('label', { for: 'smoothing' }, l10n.t('Smoothing'));
    const smoothing = h('div', { class: 'smoothing' }, label, slider, this.smoothingValue);
    this.chart = new LineChart(
      {
        ...options.common,
        title: l10n.t('Loss'),
        format: (value) => formats.figure(value),
        series: [
          { label: l10n.t('Train'), color: 'blue', kind: 'faint' },
          { label: l10n.t('Train, smoothed'), color: 'blue', kind: 'line' },
          { label: l10n.t('Validation'), color: 'orange', kind: 'line', dash: [6, 3], marker: 'circle' },
        ],
        head: [h('div', { class: 'chart-tools' }, smoothing, logarithmic.element)],
      },
      settings.logarithmic,
    );
  }

  show(record: RunRecord): void {
    const { smoothing } = this.settings;
    this.smoothingValue.textContent = this.options.formats.figure(smoothing);
    const { steps } = record;
    const kept = keptSteps(record, this.chart);
    this.chart.setData(
      joinColumns([
        stepPoints(record, kept, steps.loss),
        stepPoints(record, kept, smooth(steps.loss, smoothing)),
        evaluationPoints(record.evaluationsOf('validation'), ({ loss }) => loss),
      ]),
    );
    this.chart.setMark(this.options.mark(record));
  }
}
