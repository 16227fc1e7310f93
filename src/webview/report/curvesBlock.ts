/** The curves of a report: of several runs in one chart, over epochs. */
import * as l10n from '@vscode/l10n';
import { joinColumns } from '../charts/joinColumns.js';
import { LineChart } from '../charts/lineChart.js';
import { looks } from '../charts/series.js';
import { h } from '../element.js';
import type { Host } from '../host.js';
import type { FromReport, KeptByReport, ReportBlock, ReportChart } from '../protocol.js';
import { onThemeChange } from '../theme.js';

export class CurvesBlock {
  readonly element: HTMLElement;
  private readonly charts: LineChart[];
  private readonly stopWatching: () => void;

  constructor(
    { heading, lead, charts }: Extract<ReportBlock, { kind: 'curves' }>,
    private readonly host: Host<FromReport, KeptByReport>,
  ) {
    this.charts = charts.map((each) => this.chart(each));
    this.element = h(
      'section',
      { class: 'compared-curves' },
      h('h2', {}, heading),
      h('p', { class: 'quiet' }, lead),
      h('div', { class: 'curves' }, ...this.charts.map(({ element }) => element)),
    );
    this.stopWatching = onThemeChange(() => this.charts.forEach((chart) => chart.recolor()));
  }

  dispose(): void {
    this.stopWatching();
    for (const chart of this.charts) chart.dispose();
  }

  private chart({ title, format, series }: ReportChart): LineChart {
    const { formats } = this.host;
    const isShare = format === 'percent';
    const chart = new LineChart({
      title,
      stepLabel: l10n.t('Epoch'),
      format: (value) => (isShare ? formats.percent(value) : formats.loss(value)),
      formatTick: (value) => (isShare ? formats.wholePercent(value) : formats.figure(value)),
      formatStep: (epoch) => formats.figure(epoch),
      share: isShare,
      // The later run has the look of the only one elsewhere.
      series: series.map(({ label, values }, i) => {
        const { marker, ...look } = looks[(series.length - 1 - i) % looks.length]!;
        return { label, kind: 'line', ...look, ...(values.length > fewest ? {} : { marker }) };
      }),
      onZoom: () => undefined,
    });
    chart.setData(joinColumns(series.map(({ epochs, values }) => [epochs, values])));
    return chart;
  }
}

/** With more values markers would cover the line. */
const fewest = 20;
