/** One live chart over steps: uPlot in the editor's colours, as wide as its place, with values under the crosshair. */
import uPlot from 'uplot';
import { h } from '../element.js';
import type { ChartData } from './joinColumns.js';

export interface SeriesStyle {
  label: string;
  /** A CSS colour variable of the theme. */
  color: string;
  kind: 'line' | 'faint' | 'points';
}

export class Chart {
  readonly element: HTMLElement;
  private readonly plotArea = h('div', { class: 'plot' });
  private plot: uPlot | null = null;
  private data: ChartData;
  private toldZoom = String(null);
  private readonly resizes = new ResizeObserver(() => this.fit());

  constructor(
    private readonly options: {
      title: string;
      stepLabel: string;
      series: SeriesStyle[];
      format: (value: number) => string;
      /** Of the axis; default `format`. */
      formatTick?: (value: number) => string;
      formatStep: (step: number) => string;
      /** 0 to 1 share instead of a free scale. */
      share?: boolean;
      head?: HTMLElement[];
      /** Other steps came into view: data for them may follow. */
      onZoom: () => void;
    },
    private logarithmic = false,
  ) {
    this.data = [[], ...options.series.map(() => [])];
    this.element = h(
      'figure',
      { class: 'chart', 'aria-label': options.title },
      h('figcaption', { class: 'chart-head' }, h('h2', {}, options.title), ...(options.head ?? [])),
      this.plotArea,
    );
    this.resizes.observe(this.plotArea);
  }

  setData(data: ChartData): void {
    this.data = data;
    const { plot, zoom } = this;
    plot?.setData(this.drawable(), zoom === null);
    // uPlot looks for what lies in view only when a scale is set, be it to what it was.
    if (zoom) plot?.setScale('x', { min: zoom[0], max: zoom[1] });
  }

  /** The steps in view when the person has zoomed in by dragging, else null. */
  get zoom(): [number, number] | null {
    const { min, max } = this.plot?.scales.x ?? {};
    const steps = this.plot?.data[0];
    if (!steps?.length || min == null || max == null) return null;
    return min > steps[0]! || max < steps.at(-1)! ? [min, max] : null;
  }

  /** Shows other series; `setData` with as many columns must follow. */
  setSeries(series: SeriesStyle[]): void {
    if (series.length === this.options.series.length) return;
    this.options.series = series;
    this.data = [[], ...series.map(() => [])];
    this.rebuild();
  }

  setLogarithmic(logarithmic: boolean): void {
    if (logarithmic === this.logarithmic) return;
    this.logarithmic = logarithmic;
    this.rebuild();
  }

  /** The theme changed: its colours are asked for anew. */
  recolor(): void {
    this.rebuild();
  }

  dispose(): void {
    this.resizes.disconnect();
    this.plot?.destroy();
  }

  /** On a logarithmic scale there is no place for 0 and less. */
  private drawable(): uPlot.AlignedData {
    if (!this.logarithmic) return this.data as uPlot.AlignedData;
    const [steps, ...columns] = this.data;
    return [
      steps,
      ...columns.map((column) => column.map((value) => (value !== null && value > 0 ? value : null))),
    ] as uPlot.AlignedData;
  }

  private zoomChanged(): void {
    const zoom = String(this.zoom);
    if (zoom === this.toldZoom) return;
    this.toldZoom = zoom;
    // Not from within uPlot's own change of scale.
    queueMicrotask(this.options.onZoom);
  }

  private fit(): void {
    const { width, height } = this.size();
    if (width <= 0) return;
    if (this.plot) this.plot.setSize({ width, height });
    else this.rebuild();
  }

  private size(): { width: number; height: number } {
    return { width: Math.floor(this.plotArea.clientWidth), height: 208 };
  }

  private rebuild(): void {
    const { width, height } = this.size();
    if (width <= 0) return;
    this.plot?.destroy();
    this.plot = new uPlot(this.plotOptions(width, height), this.drawable(), this.plotArea);
  }

  private plotOptions(width: number, height: number): uPlot.Options {
    const { series, format, formatTick = format, formatStep, share, stepLabel } = this.options;
    const font = `11px ${themeValue('--vscode-font-family') || 'sans-serif'}`;
    const axis: uPlot.Axis = {
      font,
      stroke: () => themeValue('--vscode-descriptionForeground'),
      grid: { stroke: () => themeValue('--grid'), width: 1 },
      ticks: { show: false },
    };
    const pixelsPerTick = 56;
    return {
      width,
      height,
      padding: [8, 24, 0, 0],
      pxAlign: false,
      // One crosshair in all charts: they share their steps.
      cursor: {
        sync: { key: 'steps', setSeries: false },
        y: false,
        drag: { x: true, y: false },
        points: { size: 6 },
        dataIdx: lastKnown,
      },
      legend: { live: true },
      hooks: { setScale: [(plot, scale) => scale === 'x' && plot === this.plot && this.zoomChanged()] },
      scales: {
        x: { time: false },
        y: share ? { range: [0, 1] } : { distr: this.logarithmic ? 3 : 1 },
      },
      axes: [
        {
          ...axis,
          size: 28,
          space: pixelsPerTick,
          values: (_, splits) => splits.map((split) => (Number.isInteger(split) ? formatStep(split) : '')),
        },
        {
          ...axis,
          size: 52,
          space: 32,
          values: (_, splits) => splits.map((split) => (split === null ? '' : formatTick(split))),
        },
      ],
      series: [
        { label: stepLabel, value: legendValue(formatStep) },
        ...series.map((one): uPlot.Series => {
          const color = () => themeColor(one.color);
          return {
            label: one.label,
            stroke: one.kind === 'faint' ? () => themeColor(one.color, 0.3) : color,
            width: one.kind === 'faint' ? 1 : 1.5,
            spanGaps: true,
            points: { show: one.kind === 'points', size: 6, fill: color, stroke: color },
            value: legendValue(format),
          };
        }),
      ],
    };
  }
}

/** Under the crosshair a sparse series shows what it last was, not a gap. */
function lastKnown(plot: uPlot, series: number, index: number): number {
  const column = plot.data[series]!;
  for (let at = index; at >= 0; at -= 1) if (column[at] != null) return at;
  return index;
}

/** Without a crosshair the legend shows where each series stands now. */
function legendValue(format: (value: number) => string): uPlot.Series.Value {
  return (plot, value, series, index) => {
    const shown = index === null ? (plot.data[series] as (number | null)[]).findLast((one) => one !== null) : value;
    return shown == null ? '–' : format(shown);
  };
}

/** What a theme variable resolves to now. */
export function themeValue(name: string): string {
  return getComputedStyle(document.body).getPropertyValue(name).trim();
}

/**
 * A theme's colour in full: some themes give those of charts an alpha that leaves a line on a plain background too
 * faint.
 */
export function themeColor(name: string, alpha = 1): string {
  return `rgb(from ${themeValue(name)} r g b / ${alpha})`;
}
