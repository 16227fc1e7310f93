/** A plain table whose columns sort by a click on their heads. */
import { h } from './element.js';

export interface Column<Row> {
  title: string;
  numeric?: boolean;
  cell: (row: Row) => string | Node;
  /** What to sort by; a column without one does not sort. Undefined comes last. */
  key?: (row: Row) => string | number | undefined;
}

export class Table<Row> {
  readonly element: HTMLElement;
  private readonly body = h('tbody');
  private readonly heads: HTMLTableCellElement[];
  private rows: Row[] = [];
  private order: { column: number; descending: boolean } | null = null;

  constructor(
    label: string,
    private readonly columns: Column<Row>[],
    /** What stands in the place of all of a row's cells but the first. */
    private readonly instead?: (row: Row) => Node | undefined,
  ) {
    this.heads = columns.map((column, index) =>
      h(
        'th',
        { scope: 'col', class: column.numeric ? 'numeric' : undefined },
        column.key
          ? h('button', { type: 'button', class: 'sort', click: () => this.sortBy(index) }, column.title)
          : column.title,
      ),
    );
    this.element = h(
      'div',
      { class: 'table-scroll' },
      h('table', { 'aria-label': label }, h('thead', {}, h('tr', {}, ...this.heads)), this.body),
    );
  }

  show(rows: Row[]): void {
    this.rows = rows;
    this.body.replaceChildren(...this.sorted().map((row) => h('tr', {}, ...this.cells(row))));
    this.heads.forEach((head, index) => {
      if (this.order?.column === index)
        head.setAttribute('aria-sort', this.order.descending ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    });
  }

  private cells(row: Row): HTMLElement[] {
    const instead = this.instead?.(row);
    const cells = (instead ? this.columns.slice(0, 1) : this.columns).map((column) =>
      h('td', { class: column.numeric ? 'numeric' : undefined }, column.cell(row)),
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
