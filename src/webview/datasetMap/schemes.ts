/** By what the points of a map are coloured: the words that there are, and which of them each image has. */
import * as l10n from '@vscode/l10n';
import type { ImageList } from '../../shared/imageList.js';
import { Queries } from '../imageGrid/query.js';
import { columnTitle, wordOf } from '../imageGrid/words.js';

export interface Scheme {
  id: string;
  title: string;
  /** In the user's language; the last is of images that have no other. */
  words: string[];
  /** [images]: which word. */
  data: Uint32Array;
  /** [words] */
  counts: Uint32Array;
}

/** Only what tells images apart is offered. */
export function schemesOf(list: ImageList, task: string | undefined): Scheme[] {
  const columns = ['label', 'prediction', 'split', 'finding'].flatMap((id): Scheme[] => {
    const column = list.choice(id, task);
    if (!column) return [];
    const none = id === 'finding' ? l10n.t('Nothing found') : l10n.t('(none)');
    const words = [...column.values.map((word) => wordOf(id, word)), none];
    const data = Uint32Array.from(column.data, (number) => (number || words.length) - 1);
    return [schemeOf(id, columnTitle(column), words, data)];
  });
  const verdict = new Queries(list, task).verdicts();
  if (verdict) {
    const words = [l10n.t('Correct'), l10n.t('Mistakes'), l10n.t('(none)')];
    const data = Uint32Array.from({ length: list.length }, (_, row) => {
      const isRight = verdict(row);
      return isRight === undefined ? 2 : isRight ? 0 : 1;
    });
    columns.push(schemeOf('verdict', l10n.t('Result'), words, data));
  }
  return columns;
}

function schemeOf(id: string, title: string, words: string[], data: Uint32Array): Scheme {
  const counts = new Uint32Array(words.length);
  for (const word of data) counts[word]!++;
  return { id, title, words, data, counts };
}

type Colour = [red: number, green: number, blue: number];

/** A colour for each word: hues as far apart as may be, in a light theme dark ones. What has no word is grey. */
export function coloursOf({ id, words }: Scheme, isLight: boolean): Colour[] {
  const grey: Colour = isLight ? [130, 130, 130] : [140, 140, 140];
  return words.map((_, word) => {
    if (word === words.length - 1 || (id === 'verdict' && word === 0)) return grey;
    if (id === 'verdict') return isLight ? [200, 30, 20] : [255, 100, 80];
    // The golden angle; lightness alternates, so that near hues differ in it.
    const lightness = (isLight ? 0.36 : 0.6) + (word % 2 ? 0.08 : -0.04);
    return rgbOf((210 + word * 137.508) % 360, 0.7, lightness);
  });
}

function rgbOf(hue: number, saturation: number, lightness: number): Colour {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  return [0, 8, 4].map((offset) => {
    const at = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  }) as Colour;
}
