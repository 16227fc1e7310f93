/** A share of 1 as a bar, with words next to it that say the same. */
import { h } from './element.js';

/** Without text the bar is decoration: another cell shows the value. */
export function shareBar(share: number, words?: string | Node): HTMLElement {
  const fill = h('span', { class: 'share-fill' });
  fill.style.width = `${100 * Math.min(1, Math.max(0, share))}%`;
  return h(
    'span',
    { class: 'share' },
    h('span', { class: 'share-bar', 'aria-hidden': 'true' }, fill),
    words === undefined ? null : h('span', { class: 'share-value' }, words),
  );
}
