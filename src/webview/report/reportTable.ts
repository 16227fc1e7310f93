/** A table of a report: its columns are shown by their kinds, images with a small picture of each. */
import * as l10n from '@vscode/l10n';
import { textButton } from '../controls.js';
import { h, icon } from '../element.js';
import type { Host } from '../host.js';
import type { FromReport, KeptByReport, ReportBlock, ReportColumn, ReportRow } from '../protocol.js';
import { shareBar } from '../shareBar.js';
import { type Column, Table } from '../table.js';

type Value = NonNullable<ReportRow['cells'][number]>;
type Range = Extract<Value, readonly unknown[]>;
type TableBlock = Extract<ReportBlock, { kind: 'table' }>;

const numericKinds = new Set<ReportColumn['kind']>(['count', 'figure', 'percent', 'range', 'change']);

export class ReportTable {
  readonly element: HTMLElement;
  /** The element of each drawn image, by its path. */
  private readonly thumbnails = new Map<string, HTMLElement>();

  constructor(
    { heading, lead, columns, rows }: TableBlock,
    label: string,
    private readonly images: Readonly<Record<string, string>>,
    private readonly host: Host<FromReport, KeptByReport>,
  ) {
    const table = new Table<ReportRow>(
      heading ?? label,
      columns.map((column, index) => this.column(column, index, rows)),
      (row) => row.instead && insteadOf(row.instead),
      { limit: 500, formats: host.formats },
    );
    table.show(rows);
    this.element = h(
      'section',
      { class: 'card report-table' },
      heading ? h('h2', {}, heading) : null,
      lead ? h('p', { class: 'quiet' }, lead) : null,
      // A block without columns only says something.
      columns.length > 0 ? table.element : null,
    );
  }

  /** The host's preview of an image that the browser cannot draw; null: it cannot be drawn at all. */
  showPreview(path: string, src: string | null): void {
    if (src !== null) this.thumbnails.get(path)?.replaceChildren(h('img', { src, alt: '' }));
  }

  private column(
    { title, kind, isHidden }: ReportColumn,
    index: number,
    rows: readonly ReportRow[],
  ): Column<ReportRow> {
    const value = (row: ReportRow) => row.cells[index] ?? undefined;
    const greatest = Math.max(1, ...rows.map((row) => (kind === 'bar' ? Number(value(row) ?? 0) : 0)));
    const draw = this.drawer(kind, greatest);
    return {
      title,
      isTitleHidden: isHidden,
      numeric: numericKinds.has(kind),
      class: kind,
      cell: (row) => {
        const given = value(row);
        const { action } = row;
        if (typeof given === 'object') return this.range(given);
        if (kind === 'name' && action && given !== undefined)
          return textButton(String(given), () => this.host.post({ type: 'act', action }));
        return given === undefined ? '–' : draw(given);
      },
      key: kind === 'bar' ? undefined : (row) => firstOf(value(row)),
    };
  }

  /** A share of 1 and the bounds of its interval. */
  private range([value, low, high]: Range): HTMLElement {
    const { formats } = this.host;
    const [from, to] = [formats.wholePercent(low), formats.wholePercent(high)];
    return h('span', {}, formats.percent(value), ' ', h('span', { class: 'quiet' }, l10n.t('({0} to {1})', from, to)));
  }

  private drawer(kind: ReportColumn['kind'], greatest: number): (value: string | number) => string | Node {
    const { formats } = this.host;
    switch (kind) {
      case 'name':
        return String;
      case 'words':
        return (value) => h('strong', {}, String(value));
      case 'quiet':
        return (value) => h('span', { class: 'quiet' }, String(value));
      case 'image':
        return (value) => this.image(String(value));
      case 'count':
        return (value) => formats.integer(Number(value));
      case 'figure':
        return (value) => formats.speed(Number(value));
      case 'percent':
      case 'range':
        return (value) => formats.percent(Number(value));
      case 'change':
        return (value) => signed(Number(value));
      case 'share':
        return (value) => shareBar(Number(value), formats.percent(Number(value)));
      case 'bar':
        return (value) => shareBar(Number(value) / greatest);
    }
  }

  /** The image, small, and its name, which opens it with its predictions. */
  private image(path: string): HTMLElement {
    const src = this.images[path];
    const thumbnail = h('span', { class: 'thumbnail' });
    const failed = () => {
      thumbnail.replaceChildren(icon('image'));
      this.host.post({ type: 'imageFailed', path });
    };
    if (src === undefined) thumbnail.append(icon('image'));
    else thumbnail.append(h('img', { src, alt: '', loading: 'lazy', error: failed }));
    this.thumbnails.set(path, thumbnail);
    const name = path.split(/[\\/]/).at(-1) ?? path;
    const link = textButton(name, () => this.host.post({ type: 'openImage', path }));
    link.title = path;
    return h('span', { class: 'image-cell' }, thumbnail, link);
  }
}

const firstOf = (given: Value | undefined): string | number | undefined =>
  typeof given === 'object' ? given[0] : given;

/** With one decimal, and a sign of its own for what is more or less. */
function signed(value: number): HTMLElement {
  const { lang } = document.documentElement;
  const format = new Intl.NumberFormat(lang, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
    signDisplay: 'exceptZero',
  });
  return h('span', { class: 'change' }, format.format(value));
}

function insteadOf({ message, remedy }: NonNullable<ReportRow['instead']>): HTMLElement {
  return h(
    'div',
    { class: 'failed' },
    icon('error'),
    h(
      'span',
      {},
      h('span', { class: 'visually-hidden' }, l10n.t('Failed'), ': '),
      message,
      ' ',
      h('span', { class: 'quiet' }, remedy),
    ),
  );
}
