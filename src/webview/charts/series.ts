/** The look of a series of a chart: its colour, and for colour-blind users also its dash and its marker. */
import type uPlot from 'uplot';
import { themeValue } from '../theme.js';

export type Marker = 'circle' | 'square' | 'diamond' | 'triangle' | 'cross';
export type ChartColor = 'blue' | 'orange' | 'green' | 'purple' | 'red' | 'yellow' | 'foreground';

export interface SeriesStyle {
  label: string;
  color: ChartColor;
  /** `faint`: a line in the background of another. */
  kind: 'line' | 'faint';
  /** Lengths of line and gap in CSS pixels; left out: a whole line. */
  dash?: readonly number[];
  /** At each value; left out: none. */
  marker?: Marker;
}

const markerSize = 7;

/** The looks of series that are shown together, in the order in which they are given away. */
export const looks: readonly Pick<SeriesStyle, 'color' | 'dash' | 'marker'>[] = [
  { color: 'orange', marker: 'circle' },
  { color: 'blue', dash: [6, 3], marker: 'square' },
  { color: 'purple', dash: [2, 3], marker: 'triangle' },
  { color: 'yellow', dash: [8, 3, 2, 3], marker: 'diamond' },
  { color: 'red', dash: [4, 4], marker: 'cross' },
  { color: 'foreground', dash: [10, 4], marker: 'circle' },
];

/**
 * A chart's colour in full: some themes give theirs an alpha that leaves a line on a plain background too faint. Those
 * that set none get one of our own (see theme.css).
 */
export function chartColor(name: ChartColor, alpha = 1): string {
  return `rgb(from ${themeValue(`--chart-${name}`, '--text') || 'gray'} r g b / ${alpha})`;
}

/** Adds a marker around a point to a path. */
function addMarker(path: Path2D, marker: Marker, x: number, y: number, radius: number): void {
  const corners: Record<Exclude<Marker, 'circle' | 'cross'>, [number, number][]> = {
    square: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]], // prettier-ignore
    diamond: [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]], // prettier-ignore
    triangle: [[0, -1.15], [1.1, 0.85], [-1.1, 0.85]], // prettier-ignore
  };
  if (marker === 'circle') {
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
  } else if (marker === 'cross') {
    for (const way of [1, -1]) {
      path.moveTo(x - radius, y - way * radius);
      path.lineTo(x + radius, y + way * radius);
    }
  } else {
    corners[marker].forEach(([across, down], index) => {
      const to = [x + across * radius, y + down * radius] as const;
      if (index === 0) path.moveTo(...to);
      else path.lineTo(...to);
    });
    path.closePath();
  }
}

/** uPlot's way to draw the points of a series. */
export function markerPoints(marker: Marker, color: () => string): uPlot.Series.Points {
  const ratio = window.devicePixelRatio || 1;
  const radius = (markerSize / 2) * ratio;
  return {
    show: true,
    size: markerSize,
    width: marker === 'cross' ? 1.5 : 1,
    stroke: color,
    fill: color,
    paths: (plot, series, from, to) => {
      const path = new Path2D();
      const [steps, values] = [plot.data[0], plot.data[series]!];
      for (let index = from; index <= to; index += 1) {
        const value = values[index];
        if (value == null) continue;
        addMarker(path, marker, plot.valToPos(steps[index]!, 'x', true), plot.valToPos(value, 'y', true), radius);
      }
      const clip = new Path2D();
      const { left, top, width, height } = plot.bbox;
      clip.rect(left - 2 * radius, top - 2 * radius, width + 4 * radius, height + 4 * radius);
      return { stroke: path, fill: marker === 'cross' ? null : path, clip, flags: 3 };
    },
  };
}

/** A piece of the series for the legend: its line with its dash, and its marker on it. */
export function swatch({ color, kind, dash, marker }: SeriesStyle): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [24, 12];
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.className = 'swatch';
  canvas.setAttribute('aria-hidden', 'true');
  const context = canvas.getContext('2d');
  if (!context) return canvas;
  context.scale(ratio, ratio);
  context.strokeStyle = chartColor(color, kind === 'faint' ? 0.45 : 1);
  context.fillStyle = chartColor(color);
  context.lineWidth = 2;
  context.setLineDash([...(dash ?? [])]);
  context.beginPath();
  context.moveTo(0, height / 2);
  context.lineTo(width, height / 2);
  context.stroke();
  if (marker) {
    const path = new Path2D();
    addMarker(path, marker, width / 2, height / 2, markerSize / 2);
    context.setLineDash([]);
    if (marker === 'cross') context.stroke(path);
    else context.fill(path);
  }
  return canvas;
}
