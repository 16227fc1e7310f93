/** What the charts over a run's steps share: which steps are drawn, and their points. */
import type { EvaluationEvent, RunRecord } from '../dashboard/runRecord.js';
import type { Formats } from '../../shared/formats.js';
import { decimate } from './decimate.js';
import type { LineChart, Mark } from './lineChart.js';

export interface CurveSettings {
  /** 0 to 0.99. */
  smoothing: number;
  logarithmic: boolean;
}

export interface StepChartOptions {
  formats: Formats;
  common: { stepLabel: string; formatStep: (step: number) => string; onZoom: () => void };
  /** Draws all charts of the run again. */
  onZoom: () => void;
  /** The best evaluation. */
  mark: (record: RunRecord) => Mark | null;
}

/** A chart of its own file: a line chart, and what of a run it shows. */
export interface StepChart {
  readonly chart: LineChart;
  show(record: RunRecord): void;
}

type Points = [steps: number[], values: (number | null)[]];

/** More than a screen has columns of pixels, twice over: nothing visible is lost. */
const pointLimit = 4000;

/** Indices of the steps to draw: few of the whole, and as many again of what is zoomed in on. */
export function keptSteps({ steps: { step, loss } }: RunRecord, { zoom }: LineChart): number[] {
  const whole = decimate(loss, pointLimit);
  if (!zoom) return whole;
  const [from, to] = zoom;
  const begin = step.findIndex((one) => one >= from);
  const end = step.findLastIndex((one) => one <= to) + 1;
  if (begin < 0 || begin >= end) return whole;
  return [
    ...whole.filter((index) => index < begin),
    ...decimate(loss, pointLimit, begin, end),
    ...whole.filter((index) => index >= end),
  ];
}

export function stepPoints({ steps }: RunRecord, kept: readonly number[], column: readonly number[]): Points {
  return [kept.map((index) => steps.step[index]!), kept.map((index) => column[index]!)];
}

export function evaluationPoints(
  evaluations: readonly EvaluationEvent[],
  valueOf: (evaluation: EvaluationEvent) => number | null,
): Points {
  return [evaluations.map(({ step }) => step), evaluations.map(valueOf)];
}
