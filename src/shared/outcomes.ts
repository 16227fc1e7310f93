/** `outcomes.json` of a checkpoint: which images it got right, so that two models can be compared image by image. */
import { countPairs, pairedTest, type PairedTest } from './pairedTest.js';
import { exactly, listOf, objectOf, optional, text } from './schema.js';

export const outcomesFileName = 'outcomes.json';

/** For each task a letter an image of the split, in order: right `1`, wrong `0`, without a label or unread `-`. */
export interface SplitOutcomes {
  validation: string[];
  test?: string[];
}

export interface Outcomes {
  format: 1;
  /** Identifies the images, their splits and their labels, as the run's state does. */
  dataset: string;
  splits: SplitOutcomes;
}

export const outcomesSchema = objectOf<Outcomes>({
  format: exactly(1),
  dataset: text,
  splits: objectOf<SplitOutcomes>({ validation: listOf(text), test: optional(listOf(text)) }),
});

/**
 * Compares two models on the images that both were asked about: test images where both have such, else validation
 * images. Undefined where these are not the same. Only images with a label count, of several tasks only the first.
 */
export function compareOutcomes(
  first: Outcomes,
  second: Outcomes,
): (PairedTest & { split: 'validation' | 'test' }) | undefined {
  if (first.dataset !== second.dataset) return undefined;
  const split = first.splits.test && second.splits.test ? 'test' : 'validation';
  const [a, b] = [first.splits[split]?.[0], second.splits[split]?.[0]];
  if (a === undefined || b?.length !== a.length) return undefined;
  const isCounted = (letter: string, i: number) => letter !== '-' && b[i] !== '-';
  const [ours, theirs] = [a, b].map((letters) => [...letters].filter((_, i) => isCounted(a[i]!, i)).join(''));
  return { split, ...pairedTest(countPairs(ours!, theirs!)) };
}
