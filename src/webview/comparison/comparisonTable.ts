/** The table of methods: a line each, with what it is the best in marked, why it failed, or how far it is. */
import * as l10n from '@vscode/l10n';
import { textButton } from '../controls.js';
import { h, icon } from '../element.js';
import type { Formats } from '../../shared/formats.js';
import { methodName } from '../names.js';
import { shareBar } from '../shareBar.js';
import { type Column, Table } from '../table.js';
import type { Figure, MethodRow } from './rows.js';

export interface ComparisonActions {
  openRun(run: string): void;
  train(method: string): void;
  /** What the method at work does now. */
  working(): string;
}

export function comparisonTable(formats: Formats, actions: ComparisonActions): Table<MethodRow> {
  /** Bold where no method is better; `title` says it for who cannot see that. */
  const marked = (row: MethodRow, figure: Figure, text: string, title: string) =>
    row.best.has(figure) ? h('strong', { title, class: 'best' }, text) : text;
  const column = (
    figure: Figure,
    title: string,
    best: string,
    format: (value: number, row: MethodRow) => string,
  ): Column<MethodRow> => ({
    title,
    numeric: true,
    cell: (row) => {
      const value = row.result?.[figure];
      return value === undefined ? '–' : marked(row, figure, format(value, row), best);
    },
    key: (row) => row.result?.[figure],
  });
  const accuracy = (row: MethodRow) => {
    const value = row.result?.accuracy;
    if (value === undefined) return '–';
    const shown = shareBar(value, marked(row, 'accuracy', formats.percent(value), l10n.t('Most accurate')));
    const { interval, seeds } = row.result!;
    const all = seeds?.map(({ accuracy: each }) => each) ?? [];
    const notes = [
      interval && l10n.t('95 %: {0} to {1}', formats.percent(interval[0]), formats.percent(interval[1])),
      all.length > 1 &&
        l10n.t(
          '{0} seeds: {1} to {2}',
          all.length,
          formats.percent(Math.min(...all)),
          formats.percent(Math.max(...all)),
        ),
    ];
    return h('div', {}, shown, ...notes.map((note) => note && h('div', { class: 'quiet accuracy-note' }, note)));
  };
  return new Table(
    l10n.t('Methods'),
    [
      { title: l10n.t('Method'), cell: (row) => nameCell(row, actions), key: (row) => methodName(row.method) },
      { title: l10n.t('Accuracy'), cell: accuracy, key: (row) => row.result?.accuracy },
      column('trainableParameters', l10n.t('Trained parameters'), l10n.t('Fewest parameters'), (value) =>
        formats.integer(value),
      ),
      column('peakMemoryBytes', l10n.t('Peak memory'), l10n.t('Lowest memory'), (value) => formats.bytes(value)),
      column('bytes', l10n.t('Size'), l10n.t('Smallest'), (value) => formats.bytes(value)),
      column('seconds', l10n.t('Time'), l10n.t('Fastest'), (value) => formats.timing(value)),
      {
        title: l10n.t('Actions'),
        cell: (row) =>
          h(
            'span',
            { class: 'row-actions' },
            textButton(l10n.t('Train with This'), () => actions.train(row.method)),
          ),
      },
    ],
    (row) => insteadOf(row, actions),
  );
}

/** The method's name, which leads to the dashboard of its run, where there is one. */
function nameCell(row: MethodRow, { openRun }: ComparisonActions): HTMLElement {
  const name = methodName(row.method);
  const { result } = row;
  const shown = result && !result.error ? textButton(name, () => openRun(result.run)) : name;
  if (shown instanceof HTMLElement) shown.title = l10n.t('Open Dashboard');
  return h(
    'span',
    { class: 'marks', 'data-method': row.method, 'data-state': row.state },
    shown,
    row.best.has('accuracy') ? h('span', { class: 'badge' }, l10n.t('Best')) : null,
  );
}

/** What a line says that has no figures. */
function insteadOf({ state, result }: MethodRow, actions: ComparisonActions): Node | undefined {
  switch (state) {
    case 'done':
      return undefined;
    case 'failed':
      return h(
        'div',
        { class: 'failed' },
        icon('error'),
        h('span', {}, result?.error?.message ?? '', ' ', h('span', { class: 'quiet' }, result?.error?.remedy ?? '')),
      );
    case 'working':
      return h('span', { class: 'working' }, actions.working());
    case 'waiting':
      return h('span', { class: 'quiet' }, l10n.t('Pending'));
  }
}
