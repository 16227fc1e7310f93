/** A plain table whose columns sort by a click on their heads. */
import * as l10n from '@vscode/l10n';
import { textButton } from './controls.js';
import { h, setText } from './element.js';
import type { Formats } from '../shared/formats.js';

export interface Column<Row> {
  title: string;
  /** The title is read out, and not shown: the cells speak for themselves. */
  isTitleHidden?: boolean;
  numeric?: boolean;
  /** Of the cells. */
  class?: string;
  cell: (row: Row) => string | Node;
  /** What to sort by; a column without one does not sort. Undefined comes last. */
  key?: (row: Row) => string | number | undefined;
}

export class Table<Row> {
  readonly element: HTMLElement;
  private readonly body = h('tbody');
  private readonly heads: HTMLTableCellElement[];
  private rows: Row[] = [];
  /** Rows in the table at once: more of them come by a button, since each takes time to draw. */
  private shown = 0;
  private readonly more = textButton('', () => this.showMore());
  private order: { column: number; descending: boolean } | null = null;

  constructor(
    label: string,
    private readonly columns: Column<Row>[],
    /** Replaces all cells of a row but the first. */
    private readonly instead?: (row: Row) => Node | undefined,
    private readonly bound?: { limit: number; formats: Formats },
  ) {
    this.heads = columns.map((column, index) =>
      h(
        'th',
        { scope: 'col', class: classesOf(column) },
        column.isTitleHidden
          ? h('span', { class: 'visually-hidden' }, column.title)
          : column.key
            ? h('button', { type: 'button', class: 'sort', click: () => this.sortBy(index) }, column.title)
            : column.title,
      ),
    );
    this.element = h(
      'div',
      // A region that scrolls must be reached by the keyboard.
      { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': label },
      h('table', { 'aria-label': label }, h('thead', {}, h('tr', {}, ...this.heads)), this.body),
      this.more,
    );
  }

  show(rows: Row[]): void {
    this.rows = rows;
    this.shown = 0;
    this.body.replaceChildren();
    this.showMore();
    this.heads.forEach((head, index) => {
      if (this.order?.column === index)
        head.setAttribute('aria-sort', this.order.descending ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    });
  }

  private showMore(): void {
    const { limit = Infinity, formats } = this.bound ?? {};
    const rows = this.sorted();
    this.body.append(...rows.slice(this.shown, this.shown + limit).map((row) => h('tr', {}, ...this.cells(row))));
    this.shown = Math.min(rows.length, this.shown + limit);
    const left = rows.length - this.shown;
    this.more.hidden = left === 0;
    if (formats && left > 0)
      setText(this.more, l10n.t('Show {0} more of {1}', formats.integer(Math.min(limit, left)), formats.integer(left)));
  }

  private cells(row: Row): HTMLElement[] {
    const instead = this.instead?.(row);
    const cells = (instead ? this.columns.slice(0, 1) : this.columns).map((column) =>
      h('td', { class: classesOf(column) }, column.cell(row)),
    );
    return instead ? [...cells, h('td', { colspan: this.columns.length - 1, class: 'instead' }, instead)] : cells;
  }

  private sortBy(column: number): void {
    // Ascending, descending, and back to the order in which the rows came.
    if (this.order?.column !== column) this.order = { column, descending: false };
    else this.order = this.order.descending ? null : { column, descending: true };
    this.show(this.rows);
  }

  private sorted(): Row[] {
    const key = this.order && this.columns[this.order.column]?.key;
    if (!this.order || !key) return this.rows;
    const sign = this.order.descending ? -1 : 1;
    return [...this.rows].sort((a, b) => {
      const [left, right] = [key(a), key(b)];
      if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
      return (
        sign *
        (typeof left === 'string' && typeof right === 'string'
          ? left.localeCompare(right)
          : Number(left) - Number(right))
      );
    });
  }
}

function classesOf({ numeric, class: own }: Pick<Column<never>, 'numeric' | 'class'>): string | undefined {
  return [numeric ? 'numeric' : '', own ?? ''].filter(Boolean).join(' ') || undefined;
}
