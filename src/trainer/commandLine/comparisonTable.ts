/** A comparison as cells of a table, and as Markdown. */
import { basename } from 'node:path';
import * as l10n from '@vscode/l10n';
import { extraFigures, metrics } from '../../shared/metrics.js';
import type { SeedRow } from '../../shared/comparison.js';
import type { Comparison } from '../protocol.js';
import { pairedLines } from './pairedRows.js';
import { formatMetric, percent } from './output.js';

/** The least and the greatest accuracy of the runs. */
const spread = (seeds: readonly SeedRow[]): string => {
  const all = seeds.map(({ accuracy }) => accuracy);
  return `${percent(Math.min(...all))} – ${percent(Math.max(...all))}`;
};

/** A header and a row a method; what a method did not get as far as is empty. */
export function comparisonCells({ rows }: Comparison): string[][] {
  const others = metrics.filter(({ name }) =>
    rows.some((row) => extraFigures(row).some(({ metric }) => metric.name === name)),
  );
  const header = [
    l10n.t('method'),
    l10n.t('trained parameters'),
    l10n.t('peak memory'),
    l10n.t('seconds'),
    l10n.t('size'),
    l10n.t('accuracy'),
    l10n.t('95 % interval'),
    ...(rows.some(({ seeds }) => seeds) ? [l10n.t('over seeds')] : []),
    ...others.map(({ title }) => title(l10n)),
  ];
  const cells = rows.map((row) => {
    const { method, trainableParameters, peakMemoryBytes, seconds, accuracy, interval, bytes, seeds, error } = row;
    return [
      method,
      trainableParameters?.toLocaleString('en') ?? '',
      peakMemoryBytes === undefined ? '' : `${(peakMemoryBytes / 2 ** 20).toFixed(0)} MiB`,
      seconds === undefined || error ? '' : seconds.toFixed(1),
      bytes === undefined || error ? '' : `${(bytes / 2 ** 20).toFixed(1)} MiB`,
      error ? l10n.t('not trained: {0}', error.message) : accuracy === undefined ? '' : percent(accuracy),
      interval && !error ? interval.map(percent).join(' – ') : '',
      ...(rows.some((each) => each.seeds) ? [seeds && !error ? spread(seeds) : ''] : []),
      ...others.map(({ name }) => {
        const figure = extraFigures(row).find(({ metric }) => metric.name === name);
        return figure && !error ? formatMetric(figure.metric, figure.value) : '';
      }),
    ];
  });
  return [header, ...cells];
}

const line = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')).join(' | ')} |`;

export function comparisonTable(comparison: Comparison): string {
  const [header, ...rows] = comparisonCells(comparison) as [string[], ...string[][]];
  const settings = comparison.settings.length ? `\n${l10n.t('Settings: {0}', comparison.settings.join(', '))}\n` : '';
  const rule = header.map((_, i) => (i ? '---:' : '---'));
  const title = l10n.t('Methods compared on {0}', basename(comparison.dataset));
  const paired = pairedLines(comparison.rows).map((each) => `\n- ${each}`);
  const list = paired.length ? `${paired.join('')}\n` : '';
  return `# ${title}\n${settings}\n${[header, rule, ...rows].map(line).join('\n')}\n${list}`;
}
