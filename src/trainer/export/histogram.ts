/** How the numbers of an activation are spread, and the range of them that 8 bits should hold. */
import type { Range } from '../compile/narrowGraph.js';

/** The rules by which a range is chosen. */
export const rangeRules = ['percentile', 'entropy'] as const;
export type RangeRule = (typeof rangeRules)[number];

const bins = 4096;
const levels = 256;
/** The share of the numbers that the percentile leaves out, half of it at each end. */
const leftOut = 1e-4;
/** The bounds that the entropy compares: shares of the greatest absolute value, each a fiftieth less. */
const steps = 40;
const step = 0.02;

/** Counts numbers between two bounds, which are known beforehand. */
export class Histogram {
  readonly counts = new Float64Array(bins);

  constructor(private readonly range: Range) {}

  add(numbers: Float32Array): void {
    const { low, high } = this.range;
    const factor = bins / (high - low || 1);
    for (let i = 0; i < numbers.length; i++) {
      const bin = ((numbers[i]! - low) * factor) | 0;
      this.counts[bin < 0 ? 0 : bin >= bins ? bins - 1 : bin]!++;
    }
  }

  rangeBy(rule: RangeRule): Range {
    return rule === 'percentile' ? this.#byPercentile() : this.#byEntropy();
  }

  /** The bounds of bin number `bin`. */
  #edge(bin: number): number {
    const { low, high } = this.range;
    return low + ((high - low) * bin) / bins;
  }

  #byPercentile(): Range {
    const most = (leftOut / 2) * this.counts.reduce((a, b) => a + b, 0);
    let [first, last, below, above] = [0, bins - 1, 0, 0];
    while (first < last && (below += this.counts[first]!) <= most) first++;
    while (last > first && (above += this.counts[last]!) <= most) last--;
    return { low: this.#edge(first), high: this.#edge(last + 1) };
  }

  /**
   * The range whose 256 levels lose the least of the distribution: the smallest Kullback-Leibler divergence from the
   * numbers, those outside counted at the ends, to what the levels give back (Migacz, 2017, 8-bit inference with
   * TensorRT).
   */
  #byEntropy(): Range {
    const { low, high } = this.range;
    let best = { divergence: Infinity, range: this.range };
    for (let i = 0; i < steps; i++) {
      const most = (1 - i * step) * Math.max(-low, high);
      const [first, end] = [Math.floor(this.#binOf(-most)), Math.ceil(this.#binOf(most))];
      if (end - first < levels) break;
      const divergence = this.#divergence(first, end);
      if (divergence < best.divergence) best = { divergence, range: { low: this.#edge(first), high: this.#edge(end) } };
    }
    return best.range;
  }

  #binOf(value: number): number {
    const { low, high } = this.range;
    return Math.min(bins, Math.max(0, ((value - low) * bins) / (high - low || 1)));
  }

  #divergence(first: number, end: number): number {
    const inside = this.counts.subarray(first, end);
    const clipped = inside.slice();
    for (let bin = 0; bin < first; bin++) clipped[0]! += this.counts[bin]!;
    for (let bin = end; bin < bins; bin++) clipped[clipped.length - 1]! += this.counts[bin]!;
    const total = clipped.reduce((a, b) => a + b, 0);
    const whole = inside.reduce((a, b) => a + b, 0);
    let divergence = 0;
    for (let level = 0; level < levels; level++) {
      const from = Math.floor((level * inside.length) / levels);
      const to = Math.floor(((level + 1) * inside.length) / levels);
      let [sum, filled] = [0, 0];
      for (let bin = from; bin < to; bin++) {
        sum += inside[bin]!;
        if (clipped[bin]! > 0) filled++;
      }
      // What a level gives back lies evenly on the bins that were not empty.
      const given = filled ? Math.max(sum / filled / (whole || 1), 1e-12) : 0;
      for (let bin = from; bin < to; bin++) {
        const share = clipped[bin]! / total;
        if (share > 0) divergence += share * Math.log(share / given);
      }
    }
    return divergence;
  }
}
