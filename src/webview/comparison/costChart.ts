/** The chart of a comparison: accuracy by what a method costs, its interval, and the frontier of what nobody beats. */
import * as l10n from '@vscode/l10n';
import type { Formats } from '../../shared/formats.js';
import type { ComparisonRow } from '../../trainer/protocol.js';
import { dropdown } from '../controls.js';
import { h, setText, svg } from '../element.js';
import { methodName } from '../names.js';
import type { MethodName } from '../protocol.js';
import { frontierOf, logPlace, type CostPoint } from './frontier.js';

type Cost = 'seconds' | 'peakMemoryBytes' | 'trainableParameters' | 'bytes';
type Point = CostPoint & { low: number; high: number };

const size = { width: 640, height: 260 };
const inner = { left: 52, right: 110, top: 14, bottom: 34 };
const plot = { width: size.width - inner.left - inner.right, height: size.height - inner.top - inner.bottom };
/** The usual width of a letter and the height of a line, in units of the chart. */
const letter = { width: 6.4, height: 13 };

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

export class CostChart {
  readonly element: HTMLElement;
  private readonly host = h('div', { class: 'cost-plot' });
  private readonly words = h('p', { class: 'quiet' });
  private readonly choice;
  private cost: Cost = 'seconds';
  private rows: readonly ComparisonRow[] = [];

  constructor(private readonly formats: Formats) {
    this.choice = dropdown({
      name: 'cost',
      label: l10n.t('Accuracy by'),
      onChange: (value) => {
        this.cost = value as Cost;
        this.draw();
      },
    });
    this.choice.setOptions(
      [
        { value: 'seconds', label: l10n.t('Time') },
        { value: 'peakMemoryBytes', label: l10n.t('Peak memory') },
        { value: 'trainableParameters', label: l10n.t('Trained parameters') },
        { value: 'bytes', label: l10n.t('Size') },
      ],
      this.cost,
    );
    this.element = h('section', { class: 'card cost-card' }, this.choice.element, this.host, this.words);
  }

  /** With fewer than two methods there is nothing to compare, and nothing is shown. */
  show(rows: readonly ComparisonRow[]): void {
    this.rows = rows.filter(({ accuracy, error }) => accuracy !== undefined && !error);
    this.element.hidden = this.rows.length < 2;
    this.draw();
  }

  private text(cost: number): string {
    const { formats } = this;
    if (this.cost === 'seconds') return formats.timing(cost);
    return this.cost === 'trainableParameters' ? formats.integer(cost) : formats.bytes(cost);
  }

  private draw(): void {
    const points = this.rows.flatMap((row): Point[] => {
      const { method, accuracy, interval } = row;
      const cost = row[this.cost];
      if (cost === undefined || accuracy === undefined) return [];
      return [{ method, cost, accuracy, low: interval?.[0] ?? accuracy, high: interval?.[1] ?? accuracy }];
    });
    const best = frontierOf(points);
    const names = best.map(({ method }) => methodName(method as MethodName)).join(', ');
    const words = points.length
      ? l10n.t('Filled: no other method is as accurate for less ({0}). Lines: intervals of 95 %.', names)
      : l10n.t('This comparison was made before this was measured.');
    setText(this.words, words);
    this.host.replaceChildren(...(points.length ? [this.chart(points, best, words)] : []));
  }

  private chart(points: readonly Point[], best: readonly Point[], words: string): SVGElement {
    const low = Math.max(0, Math.floor(20 * Math.min(...points.map((each) => each.low))) / 20);
    const high = Math.min(1, Math.ceil(20 * Math.max(...points.map((each) => each.high))) / 20);
    const costs = points.map(({ cost }) => cost);
    const x = (cost: number): number => inner.left + plot.width * logPlace(cost, costs);
    const y = (share: number): number => inner.top + plot.height * (1 - (share - low) / Math.max(1e-9, high - low));
    const chart = svg('svg', { viewBox: `0 0 ${size.width} ${size.height}`, role: 'img', 'aria-label': words });
    const ticks = [low, (low + high) / 2, high];
    for (const tick of ticks)
      chart.append(
        svg('line', { class: 'cost-grid', x1: inner.left, x2: inner.left + plot.width, y1: y(tick), y2: y(tick) }),
        svg(
          'text',
          { class: 'cost-tick', x: inner.left - 6, y: y(tick) + 4, 'text-anchor': 'end' },
          this.formats.percent(tick),
        ),
      );
    const ends = [...new Set([Math.min(...costs), Math.max(...costs)])];
    ends.forEach((cost, i) =>
      chart.append(
        svg(
          'text',
          { class: 'cost-tick', x: x(cost), y: size.height - 10, 'text-anchor': i === 0 ? 'start' : 'end' },
          this.text(cost),
        ),
      ),
    );
    const steps = best.map(({ cost, accuracy }, i) =>
      i === 0 ? `M${x(cost)} ${y(accuracy)}` : `H${x(cost)}V${y(accuracy)}`,
    );
    chart.append(svg('path', { class: 'cost-frontier', d: steps.join('') }));
    const taken: Box[] = points.map(({ cost, accuracy }) => ({
      left: x(cost) - 7,
      right: x(cost) + 7,
      top: y(accuracy) - 7,
      bottom: y(accuracy) + 7,
    }));
    for (const point of points) {
      const { method, cost, accuracy } = point;
      const name = methodName(method as MethodName);
      const group = svg('g', { 'data-method': method, class: best.includes(point) ? 'cost-point best' : 'cost-point' });
      const title = `${name}: ${this.formats.percent(accuracy)}, ${this.text(cost)}`;
      group.append(
        svg('line', { class: 'cost-interval', x1: x(cost), x2: x(cost), y1: y(point.low), y2: y(point.high) }),
        svg('circle', { cx: x(cost), cy: y(accuracy), r: 5 }),
        svg('title', {}, title),
        this.nameAt(name, x(cost), y(accuracy), taken),
      );
      chart.append(group);
    }
    return chart;
  }

  /** The name beside its point, where no other name or point is. */
  private nameAt(name: string, x: number, y: number, taken: Box[]): SVGElement {
    const width = letter.width * name.length;
    const half = letter.height / 2;
    const places = [
      // Above the line that leads on to the right.
      { at: x + 8, y: y - letter.height, anchor: 'start', left: x + 8 },
      { at: x + 9, y, anchor: 'start', left: x + 9 },
      { at: x - 9, y, anchor: 'end', left: x - 9 - width },
      ...[1, -1, 2, -2].flatMap((line) => [
        { at: x + 9, y: y + line * letter.height, anchor: 'start', left: x + 9 },
        { at: x - 9, y: y + line * letter.height, anchor: 'end', left: x - 9 - width },
      ]),
    ];
    const boxOf = ({ left, y: middle }: { left: number; y: number }): Box => ({
      left,
      right: left + width,
      top: middle - half,
      bottom: middle + half,
    });
    const isInside = ({ left }: { left: number }): boolean => left >= inner.left && left + width <= size.width;
    const isFree = (place: { left: number; y: number }): boolean =>
      isInside(place) && !taken.some((box) => overlap(box, boxOf(place)));
    const place = places.find(isFree) ?? places.find(isInside) ?? places[0]!;
    taken.push(boxOf(place));
    return svg('text', { class: 'cost-name', x: place.at, y: place.y + 4, 'text-anchor': place.anchor }, name);
  }
}
