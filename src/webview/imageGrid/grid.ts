/**
 * The grid of tiles: draws those that are seen of up to millions of images, and is used by mouse and keyboard. Only a
 * few rows of tiles exist; they are used again for the images that come into sight.
 */
import * as l10n from '@vscode/l10n';
import { h } from '../element.js';
import type { ImageFacts } from './facts.js';
import { gap, layoutOf, offsetToShow, rowsAt, type Layout } from './layout.js';
import type { Selection } from './selection.js';
import type { Thumbnail, Thumbnails } from './thumbnails.js';
import { Tile } from './tile.js';
import { VirtualScroll } from './virtualScroll.js';

/** Rows of tiles above and below what is seen whose thumbnails are asked for too. */
const ahead = 2;
/** Milliseconds without a movement after which the scroll bar is put where it belongs. */
const untilSettled = 150;

interface TileRow {
  element: HTMLElement;
  tiles: Tile[];
}

export interface GridEvents {
  onSelect: () => void;
  onOpen: (row: number) => void;
  /** The focus or the position is another. */
  onMove: () => void;
  onStep: (direction: 'undo' | 'redo') => void;
  /** The key for what is selected to go away. */
  onDelete: () => void;
}

export class Grid {
  readonly element: HTMLElement;
  private readonly spacer = h('div', { class: 'spacer', role: 'presentation' });
  private readonly layer = h('div', { class: 'layer', role: 'presentation' });
  private readonly scroll = new VirtualScroll();
  private layout: Layout = layoutOf(1, 0);
  /** The rows of the list that are shown, in order. */
  private order = new Uint32Array();
  private readonly drawn = new Map<number, TileRow>();
  private spare: TileRow[] = [];
  /** Positions in `order`; the anchor is where a range of selected images begins. */
  private focus = 0;
  private anchor = 0;
  private sort: string | undefined;
  private frame = 0;
  private active: string | undefined;
  private settling: ReturnType<typeof setTimeout> | undefined;
  private readonly resizes = new ResizeObserver(() => this.resize());

  constructor(
    private facts: ImageFacts,
    private readonly selection: Selection,
    private readonly thumbnails: Thumbnails,
    private readonly events: GridEvents,
  ) {
    this.spacer.append(this.layer);
    this.element = h(
      'div',
      {
        class: 'grid',
        role: 'grid',
        tabindex: 0,
        'aria-label': l10n.t('Images'),
        'aria-multiselectable': 'true',
        keydown: (event: KeyboardEvent) => this.key(event),
        focus: () => this.draw(),
        blur: () => this.draw(),
        mousedown: (event: MouseEvent) => this.press(event),
        dblclick: (event: MouseEvent) => this.openAt(event),
        mouseover: (event: MouseEvent) => this.explain(event),
      },
      this.spacer,
    );
    this.element.addEventListener('scroll', () => this.scrolled(), { passive: true });
    this.resizes.observe(this.element);
  }

  /** The image that has the focus, and the one at the top. */
  get place(): { focus: number | undefined; top: number | undefined } {
    const first = rowsAt(this.layout, this.scroll.offset + this.layout.pitch / 2, 1).first;
    return { focus: this.order[this.focus], top: this.order[first * this.layout.columns] };
  }

  /** Shows these rows of the list, from the first on. */
  show(order: Uint32Array<ArrayBuffer>, sort: string | undefined, facts: ImageFacts): void {
    this.order = order;
    this.sort = sort;
    this.facts = facts;
    this.forgetTiles();
    this.focus = this.anchor = 0;
    this.resize();
    this.scrollTo(0);
  }

  /** Shows these rows where others were shown: the focus and what is in sight stay, as far as they are there. */
  update(order: Uint32Array<ArrayBuffer>, facts: ImageFacts): void {
    const { focus } = this.place;
    const found = focus === undefined ? -1 : order.indexOf(focus);
    this.order = order;
    this.facts = facts;
    this.forgetTiles();
    this.focus = this.anchor = Math.max(0, found >= 0 ? found : Math.min(this.focus, order.length - 1));
    this.resize();
    this.events.onMove();
  }

  /** Puts the place of an earlier view back. */
  restore({ focus, top }: Grid['place']): void {
    const position = focus === undefined ? -1 : this.order.indexOf(focus);
    if (position >= 0) this.focus = this.anchor = position;
    const first = top === undefined ? -1 : this.order.indexOf(top);
    if (first >= 0) this.scrollTo(this.rowOf(first) * this.layout.pitch);
    this.draw();
  }

  showThumbnail(row: number, thumbnail: Thumbnail): void {
    for (const { tiles } of this.drawn.values()) for (const tile of tiles) if (tile.row === row) tile.draw(thumbnail);
  }

  selectAll(): void {
    for (const row of this.order) this.selection.set(row, true);
    this.selected();
  }

  clearSelection(): void {
    this.selection.clear();
    this.selected();
  }

  dispose(): void {
    this.resizes.disconnect();
    clearTimeout(this.settling);
    cancelAnimationFrame(this.frame);
  }

  private rowOf(position: number): number {
    return Math.floor(position / this.layout.columns);
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.element;
    if (clientWidth === 0) return;
    const before = this.layout;
    const { first } = rowsAt(before, this.scroll.offset, 1);
    this.layout = layoutOf(clientWidth - 2 * gap, this.order.length);
    if (this.layout.columns !== before.columns) {
      this.forgetTiles();
      // The image that was at the top stays there.
      this.scroll.offset = this.rowOf(first * before.columns) * this.layout.pitch;
    }
    const top = this.scroll.resize(this.layout.height + gap, clientHeight);
    this.spacer.style.height = `${this.scroll.height}px`;
    this.layer.style.height = `${clientHeight}px`;
    this.element.style.setProperty('--tile-width', `${this.layout.tileWidth}px`);
    this.element.style.setProperty('--tile-height', `${this.layout.pitch - gap}px`);
    this.element.setAttribute('aria-rowcount', String(this.layout.rows));
    this.element.setAttribute('aria-colcount', String(this.layout.columns));
    this.element.scrollTop = top;
    this.draw();
  }

  private forgetTiles(): void {
    this.layer.replaceChildren();
    this.drawn.clear();
    this.spare = [];
  }

  private scrolled(): void {
    const top = this.scroll.moved(this.element.scrollTop);
    if (top !== undefined) this.element.scrollTop = top;
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.element.scrollTop = this.scroll.settle();
      this.events.onMove();
    }, untilSettled);
    this.draw();
  }

  private scrollTo(offset: number): void {
    this.element.scrollTop = this.scroll.goTo(offset);
    this.draw();
  }

  private goTo(row: number): void {
    this.scrollTo(offsetToShow(this.layout, row, this.scroll.offset, this.element.clientHeight));
  }

  /** However often it is asked for, once a frame is enough. */
  private draw(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.drawNow();
    });
  }

  private drawNow(): void {
    const { offset } = this.scroll;
    const { first, end } = rowsAt(this.layout, offset, this.element.clientHeight);
    for (const [row, tileRow] of this.drawn) {
      if (row >= first && row < end) continue;
      this.drawn.delete(row);
      this.spare.push(tileRow);
    }
    for (let row = first; row < end; row++) {
      let tileRow = this.drawn.get(row);
      if (!tileRow) {
        tileRow = this.spare.pop() ?? this.newRow();
        this.drawn.set(row, tileRow);
        this.fill(tileRow, row);
      }
      tileRow.element.style.transform = `translateY(${row * this.layout.pitch - offset + gap}px)`;
    }
    for (const { element } of this.spare) element.hidden = true;
    this.putInOrder(first, end);
    this.mark();
    this.thumbnails.show(this.rowsSeen(first, end));
  }

  /** The order in the document is that on the screen, for who reads it without seeing it. */
  private putInOrder(first: number, end: number): void {
    let before = this.layer.firstElementChild;
    for (let row = first; row < end; row++) {
      const { element } = this.drawn.get(row)!;
      if (element === before) before = before.nextElementSibling;
      else this.layer.insertBefore(element, before);
    }
  }

  private newRow(): TileRow {
    const tiles = Array.from({ length: this.layout.columns }, (_, column) => new Tile(column));
    const element = h('div', { class: 'tile-row', role: 'row' }, ...tiles.map((tile) => tile.element));
    this.layer.append(element);
    return { element, tiles };
  }

  private fill({ element, tiles }: TileRow, row: number): void {
    element.hidden = false;
    element.setAttribute('aria-rowindex', String(row + 1));
    tiles.forEach((tile, column) => {
      const image = this.order[row * this.layout.columns + column];
      tile.element.hidden = image === undefined;
      if (image === undefined) return tile.clear();
      tile.show(image, this.facts.of(image, this.sort));
      tile.draw(this.thumbnails.get(image));
    });
  }

  /** What is selected, and what has the focus. */
  private mark(): void {
    const focused = this.order[this.focus];
    const hasFocus = document.activeElement === this.element;
    let active: string | undefined;
    for (const { tiles } of this.drawn.values())
      for (const tile of tiles) {
        if (tile.row < 0) continue;
        tile.set(this.selection.has(tile.row), hasFocus && tile.row === focused);
        if (tile.row === focused) active = tile.element.id;
      }
    if (active === this.active) return;
    this.active = active;
    if (active === undefined) this.element.removeAttribute('aria-activedescendant');
    else this.element.setAttribute('aria-activedescendant', active);
  }

  /** The images in sight first, then those that a little scrolling brings. */
  private rowsSeen(first: number, end: number): number[] {
    const { columns, rows } = this.layout;
    const within = (from: number, to: number): number[] => [
      ...this.order.subarray(Math.max(0, from) * columns, Math.min(rows, to) * columns),
    ];
    return [...within(first, end), ...within(end, end + ahead), ...within(first - ahead, first)];
  }

  /** Undoes or does again, where the keys say so; false: they do not. */
  stepKey(event: KeyboardEvent): boolean {
    const letter = event.ctrlKey || event.metaKey ? event.key.toLowerCase() : '';
    if (event.altKey || (letter !== 'z' && letter !== 'y')) return false;
    event.preventDefault();
    // The editor would undo what was typed into a field.
    event.stopPropagation();
    this.events.onStep(letter === 'y' || event.shiftKey ? 'redo' : 'undo');
    return true;
  }

  private key(event: KeyboardEvent): void {
    const { columns } = this.layout;
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.layout.pitch)) * columns;
    const last = this.order.length - 1;
    const moves: Record<string, number> = {
      ArrowLeft: this.focus - 1,
      ArrowRight: this.focus + 1,
      ArrowUp: this.focus - columns,
      ArrowDown: this.focus + columns,
      PageUp: this.focus - page,
      PageDown: this.focus + page,
      Home: 0,
      End: last,
    };
    if (event.altKey || this.stepKey(event) || last < 0) return;
    const letter = event.ctrlKey || event.metaKey ? event.key.toLowerCase() : '';
    const goal = moves[event.key];
    const focused = this.order[this.focus]!;
    if (goal !== undefined) this.moveTo(goal, event.shiftKey);
    else if (event.key === ' ') this.toggle(this.focus);
    else if (event.key === 'Enter') this.events.onOpen(focused);
    else if (event.key === 'Delete' || (event.key === 'Backspace' && event.metaKey)) this.events.onDelete();
    else if (event.key === 'Escape' && this.selection.size > 0) this.clearSelection();
    else if (letter === 'a') this.selectAll();
    else return;
    event.preventDefault();
  }

  private moveTo(goal: number, extends_: boolean): void {
    const last = this.order.length - 1;
    // Above the first row and below the last there is nothing to go to; a page ends at them.
    const isRow = Math.abs(goal - this.focus) === this.layout.columns;
    if (isRow && (goal < 0 || (goal > last && this.rowOf(this.focus) === this.rowOf(last)))) return;
    this.focus = Math.min(last, Math.max(0, goal));
    if (extends_) this.extend();
    else this.anchor = this.focus;
    this.goTo(this.rowOf(this.focus));
    this.events.onMove();
  }

  /** Selects from the anchor to the focus, and nothing else. */
  private extend(): void {
    this.selection.clear();
    const [from, to] = [Math.min(this.anchor, this.focus), Math.max(this.anchor, this.focus)];
    for (const row of this.order.subarray(from, to + 1)) this.selection.set(row, true);
    this.selected();
  }

  private toggle(position: number): void {
    const row = this.order[position]!;
    this.selection.set(row, !this.selection.has(row));
    this.anchor = position;
    this.selected();
  }

  private selected(): void {
    this.draw();
    this.events.onSelect();
  }

  private positionAt(event: MouseEvent): number | undefined {
    const element = (event.target as Element).closest('.tile');
    for (const [row, { tiles }] of this.drawn) {
      const column = tiles.findIndex((tile) => tile.element === element);
      if (column >= 0) return row * this.layout.columns + column;
    }
    return undefined;
  }

  private press(event: MouseEvent): void {
    const position = this.positionAt(event);
    if (position === undefined) return;
    // A right click is for what is selected, if it is on that.
    if (event.button !== 0 && this.selection.has(this.order[position]!)) return;
    this.focus = position;
    if (event.shiftKey) this.extend();
    else if (event.ctrlKey || event.metaKey) this.toggle(position);
    else {
      this.selection.clear();
      this.toggle(position);
    }
    this.events.onMove();
  }

  /** A tooltip is made when the pointer comes. */
  private explain(event: MouseEvent): void {
    const position = this.positionAt(event);
    const tile = (event.target as Element).closest<HTMLElement>('.tile');
    if (position !== undefined && tile && !tile.title) tile.title = this.facts.tooltip(this.order[position]!);
  }

  private openAt(event: MouseEvent): void {
    const position = this.positionAt(event);
    if (position !== undefined) this.events.onOpen(this.order[position]!);
  }
}
