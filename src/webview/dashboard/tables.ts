/** The dashboard's two tables: figures of each class, and checkpoints. */
import * as l10n from '@vscode/l10n';
import { textButton } from '../controls.js';
import { h } from '../element.js';
import type { Formats } from '../../shared/formats.js';
import type { CheckpointRow, FromDashboard } from '../protocol.js';
import type { ClassFigures } from '../perClass.js';
import { type Column, Table } from '../table.js';

/** `onOpen`: the user wants to see the images of a label. */
export const classTable = (formats: Formats, onOpen: (label: string) => void): Table<ClassFigures> =>
  new Table(l10n.t('Metrics of each class'), classColumns(formats, onOpen));

/** The labels of a multi-label task have the area under their precision-recall curve, too. */
export function multiLabelTable(formats: Formats, onOpen: (label: string) => void): Table<ClassFigures> {
  const [label, ...rest] = classColumns(formats, onOpen) as [Column<ClassFigures>, ...Column<ClassFigures>[]];
  const precision: Column<ClassFigures> = {
    title: l10n.t('Average precision'),
    numeric: true,
    cell: ({ averagePrecision }) => (averagePrecision === undefined ? '–' : formats.percent(averagePrecision)),
    key: ({ averagePrecision }) => averagePrecision,
  };
  return new Table(l10n.t('Metrics of each label'), [label, precision, ...rest]);
}

function classColumns(formats: Formats, onOpen: (label: string) => void): Column<ClassFigures>[] {
  const share = (name: 'precision' | 'recall' | 'f1') => ({
    numeric: true,
    cell: (row: ClassFigures) => {
      const [value, interval] = [row[name], row.intervals?.[name]];
      if (value === undefined) return '–';
      const [low, high] = (interval ?? [0, 1]).map((each) => formats.percent(each)) as [string, string];
      const title = interval && l10n.t('95 % interval: {0} to {1}', low, high);
      return h('span', { title }, formats.percent(value));
    },
    key: (row: ClassFigures) => row[name],
  });
  return [
    {
      title: l10n.t('Class'),
      cell: ({ label }) => textButton(label, () => onOpen(label)),
      key: (row) => row.label,
    },
    { title: l10n.t('Precision'), ...share('precision') },
    { title: l10n.t('Recall'), ...share('recall') },
    { title: l10n.t('F1'), ...share('f1') },
    {
      title: l10n.t('Images'),
      numeric: true,
      cell: (row) => formats.integer(row.support),
      key: (row) => row.support,
    },
  ];
}

/** A checkpoint with the accuracy measured at its step, where there was an evaluation. */
export type CheckpointFigures = CheckpointRow & { accuracy: number | undefined };

export function checkpointTable(formats: Formats, post: (message: FromDashboard) => void): Table<CheckpointFigures> {
  const step = (row: CheckpointFigures) =>
    h(
      'span',
      { class: 'marks' },
      formats.integer(row.step),
      row.best ? h('span', { class: 'badge' }, l10n.t('Best')) : null,
      row.last ? h('span', { class: 'badge badge-quiet' }, l10n.t('Last')) : null,
      row.active ? h('span', { class: 'badge badge-quiet' }, l10n.t('Active')) : null,
    );
  const actions = (row: CheckpointFigures) =>
    h(
      'span',
      { class: 'row-actions' },
      row.active
        ? null
        : textButton(l10n.t('Classify with This'), () => post({ type: 'useCheckpoint', path: row.path })),
      textButton(l10n.t('Reveal'), () => post({ type: 'revealCheckpoint', path: row.path })),
    );
  return new Table(l10n.t('Checkpoints'), [
    { title: l10n.t('Step'), cell: step },
    {
      title: l10n.t('Accuracy'),
      numeric: true,
      cell: (row) => (row.accuracy === undefined ? '–' : formats.percent(row.accuracy)),
    },
    { title: l10n.t('Saved'), cell: (row) => formats.moment(row.savedAt) },
    { title: l10n.t('Actions'), cell: actions },
  ]);
}
