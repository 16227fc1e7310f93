/** The words of a scheme with their colours; a click hides the images of one, or shows them again. */
import * as l10n from '@vscode/l10n';
import type { Formats } from '../../shared/formats.js';
import { h } from '../element.js';
import type { Scheme } from './schemes.js';

export class Legend {
  readonly element = h('div', { class: 'legend', role: 'group', 'aria-label': l10n.t('Legend') });

  constructor(
    private readonly formats: Formats,
    private readonly onToggle: (word: number) => void,
  ) {}

  /** The most frequent words first, what has no word last. */
  show({ words, counts }: Scheme, colours: readonly number[][], hidden: ReadonlySet<number>): void {
    const focused = [...this.element.children].indexOf(document.activeElement!);
    const last = words.length - 1;
    const order = words.map((_, word) => word).filter((word) => counts[word]! > 0);
    order.sort((a, b) => Number(a === last) - Number(b === last) || counts[b]! - counts[a]!);
    this.element.replaceChildren(
      ...order.map((word) => {
        const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
        swatch.style.backgroundColor = `rgb(${colours[word]!.join(' ')})`;
        return h(
          'button',
          {
            type: 'button',
            class: 'legend-word',
            title: hidden.has(word) ? l10n.t('Show these images') : l10n.t('Hide these images'),
            'aria-pressed': String(!hidden.has(word)),
            click: () => this.onToggle(word),
          },
          swatch,
          h('span', { class: 'word' }, words[word]!),
          h('span', { class: 'quiet' }, this.formats.integer(counts[word]!)),
        );
      }),
    );
    if (focused >= 0) (this.element.children[focused] as HTMLElement | undefined)?.focus();
  }
}
