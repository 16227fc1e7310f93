/** The rule that chooses model and method from what was measured; docs/advise.md says how it was found. */
import { fewImages, wellKnown } from '../../shared/advice.js';
import type { Interval } from '../../shared/interval.js';
import type { Measurement } from '../protocol.js';

/** Trained whole, a larger model than this was not measured, and takes much memory. */
const manyParameters = 50e6;
/** Models are equally accurate within this; the smaller is then the better. */
const sameAccuracy = 0.01;

/**
 * What each method leaves of a head's errors, measured at the usual 10 epochs: `usual`, and in the best case. In the
 * worst case it is all of them.
 */
const remainingErrors: Readonly<Record<string, { usual: number; best: number }>> = {
  head: { usual: 1, best: 1 },
  lora: { usual: 0.75, best: 0.6 },
  partial: { usual: 0.65, best: 0.5 },
  full: { usual: 0.6, best: 0.45 },
};

export interface Sized extends Measurement {
  /** Of the whole network. */
  parameters: number;
  /** Whether it is of a kind that only a head can be trained on. */
  isHeadOnly: boolean;
}

/** The most accurate model; among equals the smallest. */
export function bestModel<Each extends Sized>(all: readonly Each[]): Each {
  const most = Math.max(...all.map(({ accuracy }) => accuracy));
  return all
    .filter(({ accuracy }) => accuracy >= most - sameAccuracy)
    .reduce((best, each) => (each.parameters < best.parameters ? each : best));
}

/** Of the images that were counted, those of a training after a fifth is put aside for validation. */
export const trainingImages = ({ ofImages }: Pick<Measurement, 'ofImages'>): number => Math.round(0.8 * ofImages);

/** The advised method, and then those to take where memory is too short for the ones before. */
export function methodsFor(measured: Pick<Sized, 'ofImages' | 'familiarity' | 'parameters' | 'isHeadOnly'>): string[] {
  const isEnough = trainingImages(measured) < fewImages || measured.familiarity >= wellKnown;
  if (measured.isHeadOnly || isEnough) return ['head'];
  return measured.parameters > manyParameters ? ['lora', 'head'] : ['full', 'partial', 'lora', 'head'];
}

/** What a method can be expected to reach, from what a head reached. */
export function expectation(
  method: string,
  { accuracy, interval: [low, high] }: Pick<Measurement, 'accuracy' | 'interval'>,
): { expectedAccuracy: number; interval: Interval } {
  const { usual, best } = remainingErrors[method]!;
  return { expectedAccuracy: 1 - usual * (1 - accuracy), interval: [low, 1 - best * (1 - high)] };
}
