/** The charts of loss, accuracy and learning rate, with smoothing and a logarithmic scale for the loss. */
import * as l10n from '@vscode/l10n';
import { checkbox } from '../controls.js';
import { h } from '../element.js';
import type { Formats } from '../format.js';
import { Chart, type SeriesStyle } from './chart.js';
import { decimate } from './decimate.js';
import { type ChartData, joinColumns } from './joinColumns.js';
import type { EvaluationEvent, RunRecord } from './runRecord.js';
import { figuresOf, tasksOf } from './tasks.js';
import { smooth } from './smooth.js';

/** More than a screen has columns of pixels, twice over: nothing visible is lost. */
const pointLimit = 4000;

export interface CurveSettings {
  /** 0 to 0.99. */
  smoothing: number;
  logarithmic: boolean;
}

export class Curves {
  readonly element: HTMLElement;
  private readonly loss: Chart;
  private readonly accuracy: Chart;
  private readonly learningRate: Chart;
  private readonly smoothingValue = h('output', { class: 'quiet smoothing-value' });

  constructor(
    private record: RunRecord,
    private readonly settings: CurveSettings,
    private readonly formats: Formats,
    onSettings: () => void,
  ) {
    const slider = h('input', {
      type: 'range',
      min: 0,
      max: 0.99,
      step: 0.01,
      value: settings.smoothing,
      id: 'smoothing',
      input: () => {
        settings.smoothing = Number(slider.value);
        this.show(this.record);
        onSettings();
      },
    });
    const logarithmic = checkbox({
      name: 'logarithmic',
      label: l10n.t('Log scale'),
      onChange: () => {
        settings.logarithmic = logarithmic.checked;
        this.loss.setLogarithmic(logarithmic.checked);
        onSettings();
      },
    });
    logarithmic.setChecked(settings.logarithmic);
    const smoothing = h(
      'div',
      { class: 'smoothing' },
      h('label', { for: 'smoothing' }, l10n.t('Smoothing')),
      slider,
      this.smoothingValue,
    );
    const stepLabel = l10n.t('Step');
    const formatStep = (step: number) => formats.integer(step);
    const common = { stepLabel, formatStep, onZoom: () => this.show(this.record) };
    this.loss = new Chart(
      {
        ...common,
        title: l10n.t('Loss'),
        format: (value) => formats.figure(value),
        series: [
          { label: l10n.t('Train'), color: '--vscode-charts-blue', kind: 'faint' },
          { label: l10n.t('Train, smoothed'), color: '--vscode-charts-blue', kind: 'line' },
          { label: l10n.t('Validation'), color: '--vscode-charts-orange', kind: 'points' },
        ],
        head: [h('div', { class: 'chart-tools' }, smoothing, logarithmic.element)],
      },
      settings.logarithmic,
    );
    this.accuracy = new Chart({
      ...common,
      title: l10n.t('Accuracy'),
      format: (value) => formats.percent(value),
      formatTick: (value) => formats.wholePercent(value),
      share: true,
      series: accuracySeries([], false),
    });
    this.learningRate = new Chart({
      ...common,
      title: l10n.t('Learning rate'),
      format: (value) => formats.learningRate(value),
      series: [{ label: l10n.t('Learning rate'), color: '--vscode-charts-purple', kind: 'line' }],
    });
    this.element = h('div', { class: 'curves' }, this.loss.element, this.accuracy.element, this.learningRate.element);
  }

  show(record: RunRecord): void {
    this.record = record;
    const { steps } = record;
    this.smoothingValue.textContent = this.formats.figure(this.settings.smoothing);
    const smoothed = smooth(steps.loss, this.settings.smoothing);
    const validation = record.evaluationsOf('validation');
    const test = record.evaluationsOf('test');
    // The mean comes first, then each task's own.
    const tasks = tasksOf(record).map(({ name }) => name);
    const several = tasks.length > 1 ? tasks : [];
    const pick = (kept: number[], column: readonly number[]): [number[], number[]] => [
      kept.map((index) => steps.step[index]!),
      kept.map((index) => column[index]!),
    ];
    const lossKept = this.keptFor(this.loss);
    this.loss.setData(joinColumns([pick(lossKept, steps.loss), pick(lossKept, smoothed), points(validation, 'loss')]));
    // All charts cover the same steps, so that one crosshair serves them.
    const extent: [number[], null[]] = [steps.step.length ? [steps.step[0]!, steps.step.at(-1)!] : [], [null, null]];
    const accuracies = [
      points(validation, 'accuracy'),
      ...several.map((task) => taskPoints(validation, task)),
      ...(test.length > 0 ? [points(test, 'accuracy')] : []),
    ];
    this.accuracy.setSeries(accuracySeries(several, test.length > 0));
    this.accuracy.setData(joinColumns([...accuracies, extent]).slice(0, -1) as ChartData);
    this.learningRate.setData(joinColumns([pick(this.keptFor(this.learningRate), steps.learningRate)]));
  }

  /** Indices of the steps to draw: few of the whole, and as many again of what is zoomed in on. */
  private keptFor(chart: Chart): number[] {
    const { step, loss } = this.record.steps;
    const whole = decimate(loss, pointLimit);
    if (!chart.zoom) return whole;
    const [from, to] = chart.zoom;
    const begin = step.findIndex((one) => one >= from);
    const end = step.findLastIndex((one) => one <= to) + 1;
    if (begin < 0 || begin >= end) return whole;
    return [
      ...whole.filter((index) => index < begin),
      ...decimate(loss, pointLimit, begin, end),
      ...whole.filter((index) => index >= end),
    ];
  }

  recolor(): void {
    for (const chart of [this.loss, this.accuracy, this.learningRate]) chart.recolor();
  }

  dispose(): void {
    for (const chart of [this.loss, this.accuracy, this.learningRate]) chart.dispose();
  }
}

const taskColors = ['blue', 'purple', 'yellow', 'red', 'foreground'];

function accuracySeries(tasks: readonly string[], isTested: boolean): SeriesStyle[] {
  const mean = tasks.length > 0 ? l10n.t('Validation, mean') : l10n.t('Validation');
  return [
    { label: mean, color: '--vscode-charts-orange', kind: 'points' },
    ...tasks.map((task, index): SeriesStyle => ({
      label: task,
      color: `--vscode-charts-${taskColors[index % taskColors.length]!}`,
      kind: 'points',
    })),
    ...(isTested
      ? [{ label: l10n.t('Test'), color: '--vscode-charts-green', kind: 'points' } satisfies SeriesStyle]
      : []),
  ];
}

function taskPoints(evaluations: EvaluationEvent[], task: string): [number[], (number | null)[]] {
  return [
    evaluations.map(({ step }) => step),
    evaluations.map((evaluation) => figuresOf(evaluation, task)?.accuracy ?? null),
  ];
}

function points(evaluations: EvaluationEvent[], of: 'loss' | 'accuracy'): [number[], number[]] {
  return [evaluations.map(({ step }) => step), evaluations.map((evaluation) => evaluation[of])];
}
