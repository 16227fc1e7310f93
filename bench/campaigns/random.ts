/** Choices of a campaign, repeatable from a seed. */
import { Random } from '../../src/trainer/core/random.js';

export class Choice {
  readonly #random: Random;

  constructor(seed: number, purpose: string) {
    this.#random = new Random(seed, purpose);
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    return Math.floor(this.#random.uniform() * count);
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}
