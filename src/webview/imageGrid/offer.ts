/** What a grid offers to do with images that have no class yet: naming their group, or accepting their suggestions. */
import * as l10n from '@vscode/l10n';
import type { ImageList } from '../../shared/imageList.js';
import type { GridOffer, ImageAction } from '../protocol.js';

export interface Offer {
  action: ImageAction;
  /** The images that it is about. */
  rows: Uint32Array;
}

/**
 * `shown` and `chosen` are the rows that are shown, and those of them that are selected. Undefined: there is nothing to
 * do. To accept: those that are selected, else all that are shown. To name: the whole groups of what is selected.
 */
export function offerOf(
  offers: GridOffer,
  list: ImageList,
  task: string | undefined,
  shown: Uint32Array,
  chosen: Uint32Array,
): Offer | undefined {
  const label = list.choice('label', task)?.data;
  const said = list.choice(offers === 'accept' ? 'prediction' : 'group', task)?.data;
  if (!said) return undefined;
  const isOpen = (row: number): boolean => !label?.[row] && said[row] !== 0;
  const groups = new Set(Array.from(chosen, (row) => said[row]));
  const rows =
    offers === 'accept'
      ? (chosen.length > 0 ? chosen : shown).filter(isOpen)
      : shown.filter((row) => isOpen(row) && groups.has(said[row]));
  return rows.length > 0 ? { action: offers === 'accept' ? 'accept' : 'class', rows } : undefined;
}

export const acceptWords = (images: number, number: string): string =>
  images === 1 ? l10n.t('Accept 1 Suggestion…') : l10n.t('Accept {0} Suggestions…', number);
