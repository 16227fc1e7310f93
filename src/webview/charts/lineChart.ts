/** One live chart over steps: uPlot in the editor's colours, as wide as its place, with values under the crosshair. */
import uPlot from 'uplot';
import { h, setText } from '../element.js';
import { chartFont, themeValue } from '../theme.js';
import type { ChartData } from './joinColumns.js';
import { chartColor, markerPoints, type SeriesStyle, swatch } from './series.js';

/** The step whose values are circled, with words for who cannot see that. */
export interface Mark {
  step: number;
  words: string;
}

export class LineChart {
  readonly element: HTMLElement;
  private readonly plotArea = h('div', { class: 'plot' });
  private plot: uPlot | null = null;
  private data: ChartData;
  private knownZoom = String(null);
  private marked: Mark | null = null;
  private readonly markWords = h('span', { class: 'quiet chart-mark' });
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
      h(
        'figcaption',
        { class: 'chart-head' },
        h('div', { class: 'chart-title' }, h('h2', {}, options.title), this.markWords),
        ...(options.head ?? []),
      ),
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

  /** The visible steps when the user has zoomed in by dragging, else null. */
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

  /** Circles the values of a step in the series that have markers; null: of none. */
  setMark(mark: Mark | null): void {
    setText(this.markWords, mark?.words ?? '');
    this.markWords.hidden = mark === null;
    if (mark?.step === this.marked?.step) return;
    this.marked = mark;
    this.plot?.redraw(false);
  }

  setLogarithmic(logarithmic: boolean): void {
    if (logarithmic === this.logarithmic) return;
    this.logarithmic = logarithmic;
    this.rebuild();
  }

  /** The theme changed: its colours are read again. */
  recolor(): void {
    this.rebuild();
  }

  dispose(): void {
    this.resizes.disconnect();
    this.plot?.destroy();
  }

  /** A logarithmic scale cannot show 0 and negative values. */
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
    if (zoom === this.knownZoom) return;
    this.knownZoom = zoom;
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

  private drawMark(plot: uPlot): void {
    const { marked } = this;
    const index = marked === null ? -1 : plot.data[0].indexOf(marked.step);
    if (index < 0) return;
    const { ctx: context, bbox } = plot;
    const ratio = window.devicePixelRatio || 1;
    context.save();
    context.beginPath();
    context.rect(bbox.left - 12, bbox.top - 12, bbox.width + 24, bbox.height + 24);
    context.clip();
    context.strokeStyle = themeValue('--text');
    context.lineWidth = 1.5 * ratio;
    this.options.series.forEach(({ marker }, place) => {
      const value = plot.data[place + 1]?.[index];
      if (!marker || value == null) return;
      context.beginPath();
      context.arc(plot.valToPos(marked!.step, 'x', true), plot.valToPos(value, 'y', true), 7 * ratio, 0, 2 * Math.PI);
      context.stroke();
    });
    context.restore();
  }

  private plotOptions(width: number, height: number): uPlot.Options {
    const { series, format, formatTick = format, formatStep, share, stepLabel } = this.options;
    const axis: uPlot.Axis = {
      font: chartFont(),
      stroke: () => themeValue('--quiet'),
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
      legend: { live: true, markers: { show: false } },
      hooks: {
        init: [(plot) => addSwatches(plot, series)],
        setScale: [(plot, scale) => scale === 'x' && plot === this.plot && this.zoomChanged()],
        draw: [(plot) => this.drawMark(plot)],
      },
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
          const color = () => chartColor(one.color);
          return {
            label: one.label,
            stroke: one.kind === 'faint' ? () => chartColor(one.color, 0.35) : color,
            width: one.kind === 'faint' ? 1 : 1.75,
            dash: one.dash && [...one.dash],
            spanGaps: true,
            points: one.marker ? markerPoints(one.marker, color) : { show: false },
            value: legendValue(format),
          };
        }),
      ],
    };
  }
}

/** In front of each series' name the legend shows what it looks like. */
function addSwatches(plot: uPlot, series: readonly SeriesStyle[]): void {
  const names = plot.root.querySelectorAll('.u-legend .u-series th');
  series.forEach((style, index) => names[index + 1]?.prepend(swatch(style)));
}

/** Under the crosshair a sparse series shows what it last was, not a gap. */
function lastKnown(plot: uPlot, series: number, index: number): number {
  const column = plot.data[series]!;
  for (let at = index; at >= 0; at -= 1) if (column[at] != null) return at;
  return index;
}

/** Without a crosshair the legend shows the current value of each series. */
function legendValue(format: (value: number) => string): uPlot.Series.Value {
  return (plot, value, series, index) => {
    const shown = index === null ? (plot.data[series] as (number | null)[]).findLast((one) => one !== null) : value;
    return shown == null ? '–' : format(shown);
  };
}
