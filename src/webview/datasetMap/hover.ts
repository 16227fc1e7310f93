/** What is shown of the image under the pointer: its thumbnail and what is known of it. */
import { h } from '../element.js';
import type { ImageFacts } from '../imageGrid/facts.js';
import type { Thumbnail } from '../imageGrid/thumbnails.js';
import type { Size, Spot } from './geometry.js';

export class Hover {
  readonly element = h('div', { class: 'hover', role: 'status' });
  private readonly image = h('img', { alt: '', draggable: 'false' });
  private readonly failure = h('p', { class: 'failure' });
  private readonly words = h('p', { class: 'facts' });
  /** −1: none. */
  row = -1;

  constructor(private readonly facts: ImageFacts) {
    this.element.hidden = true;
    this.element.append(this.image, this.failure, this.words);
  }

  show(row: number, [x, y]: Spot, { width, height }: Size): void {
    if (row !== this.row) {
      this.row = row;
      this.words.textContent = this.facts.tooltip(row);
      this.draw(undefined);
    }
    this.element.hidden = false;
    // On the side of the point that has more room.
    const [across, down] = [x > width / 2 ? 'right' : 'left', y > height / 2 ? 'bottom' : 'top'] as const;
    this.element.style.inset = 'auto';
    this.element.style[across] = `${(across === 'left' ? x : width - x) + 12}px`;
    this.element.style[down] = `${(down === 'top' ? y : height - y) + 12}px`;
  }

  hide(): void {
    this.row = -1;
    this.element.hidden = true;
  }

  /** Undefined: it is not there yet. */
  draw(thumbnail: Thumbnail | undefined): void {
    const src = thumbnail && 'src' in thumbnail ? thumbnail.src : '';
    if (src) this.image.src = src;
    else this.image.removeAttribute('src');
    this.image.hidden = !src;
    const error = thumbnail && 'error' in thumbnail ? thumbnail.error.message : '';
    this.failure.textContent = error;
    this.failure.hidden = !error;
  }
}
