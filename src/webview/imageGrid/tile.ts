/** A tile of the grid: the thumbnail of an image, its name, and what is known of it. It is used again and again. */
import * as l10n from '@vscode/l10n';
import { h, icon } from '../element.js';
import { spoken, type Facts } from './facts.js';
import type { Thumbnail } from './thumbnails.js';

let tiles = 0;

export class Tile {
  readonly element: HTMLElement;
  /** Of the image that it shows now; −1: none. */
  row = -1;
  private readonly image = h('img', { alt: '', draggable: 'false', decoding: 'async' });
  private readonly placeholder = h('span', { class: 'placeholder' }, icon('image'));
  private readonly failure = h('span', { class: 'failure' });
  private readonly mark = h('span', { class: 'mark' }, icon('warning'));
  private readonly split = h('span', { class: 'chip split' });
  private readonly was = h('span', { class: 'chip was' });
  private readonly unknown = h('span', { class: 'chip was unknown' });
  private readonly name = h('span', { class: 'name', 'aria-hidden': 'true' });
  /** What a screen reader says in the place of all that is seen. */
  private readonly spoken = h('span', { class: 'visually-hidden' });
  private facts: Facts | undefined;
  private readonly verdict = h('span', { class: 'verdict' });
  private readonly share = h('span', { class: 'share quiet' });
  private readonly extra = h('span', { class: 'chip extra' });
  private shown = '';
  private src = '';
  private isSelected: boolean | undefined;
  private isFocused = false;

  constructor(column: number) {
    this.element = h(
      'div',
      { id: `tile-${++tiles}`, class: 'tile', role: 'gridcell', 'aria-colindex': column + 1 },
      this.spoken,
      h(
        'span',
        { class: 'picture', 'aria-hidden': 'true' },
        this.placeholder,
        this.image,
        this.failure,
        this.mark,
        this.was,
        this.unknown,
        this.split,
        this.extra,
      ),
      this.name,
      h('span', { class: 'second-line', 'aria-hidden': 'true' }, this.verdict, this.share),
    );
  }

  show(row: number, facts: Facts): void {
    const key = `${row} ${facts.sortedBy ?? ''}`;
    if (key === this.shown) return;
    this.shown = key;
    this.row = row;
    this.name.textContent = facts.name;
    this.element.removeAttribute('title');
    this.facts = facts;
    this.verdict.replaceChildren(...verdictOf(facts));
    this.verdict.className = `verdict ${facts.isRight === false ? 'wrong' : ''}`;
    const { was, label } = facts;
    this.was.hidden = was === undefined;
    if (was !== undefined)
      this.was.replaceChildren(...(was === label ? [icon('check'), ' '] : []), l10n.t('before: {0}', was));
    this.unknown.textContent = facts.unknown ?? '';
    this.unknown.hidden = facts.unknown === undefined;
    this.split.textContent = facts.split ?? '';
    this.split.hidden = facts.split === undefined;
    this.share.textContent = facts.probability ?? '';
    this.extra.textContent = facts.sortedBy ?? '';
    this.extra.hidden = facts.sortedBy === undefined;
    this.mark.hidden = facts.mark === undefined;
    this.draw(undefined);
  }

  /** Undefined: it is not there yet. */
  draw(thumbnail: Thumbnail | undefined): void {
    const src = thumbnail && 'src' in thumbnail ? thumbnail.src : '';
    const error = thumbnail && 'error' in thumbnail ? thumbnail.error : undefined;
    if (src !== this.src) {
      this.src = src;
      if (src) this.image.src = src;
      else this.image.removeAttribute('src');
    }
    this.image.hidden = !src;
    this.placeholder.hidden = Boolean(src) || error !== undefined;
    this.failure.hidden = error === undefined;
    if (error) this.failure.replaceChildren(icon('error'), h('span', {}, error.message));
    if (this.facts) this.spoken.textContent = spoken(this.facts, error?.message);
  }

  set(isSelected: boolean, isFocused: boolean): void {
    if (isSelected !== this.isSelected) this.element.setAttribute('aria-selected', String(isSelected));
    if (isFocused !== this.isFocused) this.element.classList.toggle('focused', isFocused);
    this.isSelected = isSelected;
    this.isFocused = isFocused;
  }

  /** The images end before this place. */
  clear(): void {
    this.row = -1;
    this.shown = '';
  }
}

/** `cat`, `cat → dog`, or `✓ cat`: the mark says in shape what the colour says. */
function verdictOf({ label, prediction, isRight }: Facts): (string | Node)[] {
  if (isRight === true) return [icon('check'), ` ${label}`];
  if (prediction === undefined) return label === undefined ? [] : [label];
  const predicted = h('strong', {}, prediction);
  return label === undefined ? [predicted] : [`${label} → `, predicted];
}
