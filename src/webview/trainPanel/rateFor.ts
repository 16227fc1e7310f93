/** The learning rate of an empty field; if it depends on the width of the model, the width is inserted. */
import type { Formats } from '../../shared/formats.js';

/**
 * `words` as the config's schema has them, e.g. `0.00005 × 768 / width` in the user's language; they stay where the
 * width is not known.
 */
export function rateFor(words: string, width: number | undefined, formats: Formats): string {
  const rule = /^([\d.e-]+) × (\d+) \/ \S+$/.exec(words);
  if (!rule || !width) return words;
  return formats.learningRate((Number(rule[1]) * Number(rule[2])) / width);
}
