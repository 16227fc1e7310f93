/** Whether one model is better than another on the same images, or whether it could be chance: McNemar's test. */

/** What two models got right of the same images. */
export interface PairedCounts {
  images: number;
  /** Images that only the first got right, and that only the second got right. */
  onlyFirst: number;
  onlySecond: number;
}

export interface PairedTest extends PairedCounts {
  /** Accuracy of the first less that of the second, -1 to 1. */
  difference: number;
  /** How likely so great a difference is where both are equally good, 0 to 1. */
  p: number;
}

/** Up to so many images that only one got right the test is exact. */
const fewEnough = 1000;

/** Below it a difference counts as more than chance. */
export const significant = 0.05;

/** log n! for n = 0 … `to`. */
function logFactorials(to: number): Float64Array {
  const logs = new Float64Array(to + 1);
  for (let n = 2; n <= to; n++) logs[n] = logs[n - 1]! + Math.log(n);
  return logs;
}

/** The chance of at most `k` heads in `n` throws of a fair coin. */
function atMost(k: number, n: number): number {
  const logs = logFactorials(n);
  let sum = 0;
  for (let i = 0; i <= k; i++) sum += Math.exp(logs[n]! - logs[i]! - logs[n - i]! - n * Math.LN2);
  return sum;
}

/**
 * The complementary error function for x ≥ 0, to 1.2e-7 relative (a Chebyshev fit; Press et al., Numerical Recipes,
 * section 6.2).
 */
function erfc(x: number): number {
  const t = 1 / (1 + x / 2);
  const terms = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  return t * Math.exp(-x * x + terms.reduceRight((sum, term) => sum * t + term, 0));
}

/**
 * McNemar's test (1947), two-sided: exact, by the binomial distribution, where few images tell the models apart, else
 * by the chi-squared distribution with Edwards' correction for continuity.
 */
export function pairedTest(counts: PairedCounts): PairedTest {
  const { images, onlyFirst, onlySecond } = counts;
  const telling = onlyFirst + onlySecond;
  const statistic = telling && Math.max(0, Math.abs(onlyFirst - onlySecond) - 1) ** 2 / telling;
  const p =
    telling <= fewEnough
      ? Math.min(1, 2 * atMost(Math.min(onlyFirst, onlySecond), telling))
      : erfc(Math.sqrt(statistic / 2));
  return { ...counts, difference: images ? (onlyFirst - onlySecond) / images : 0, p };
}

/** Counts from what each model got right: `1` for a right image and any other letter for a wrong one, in one order. */
export function countPairs(first: string, second: string): PairedCounts {
  if (first.length !== second.length) throw new Error('outcomes of different images');
  const counts = { images: first.length, onlyFirst: 0, onlySecond: 0 };
  for (let i = 0; i < first.length; i++) {
    if (first[i] === second[i]) continue;
    if (first[i] === '1') counts.onlyFirst++;
    else counts.onlySecond++;
  }
  return counts;
}

/**
 * `3.1 points better than lora; could be chance (p = 0.21, images: 56).`, of the first against the second, which is
 * called `other`. `t` is that of l10n: it translates a text and fills in its parts.
 */
export function pairedWords(
  { difference, p, images }: Pick<PairedTest, 'difference' | 'p' | 'images'>,
  other: string,
  t: (message: string, ...args: (string | number)[]) => string,
): string {
  const points = (100 * Math.abs(difference)).toFixed(1);
  const chance = p < 0.001 ? '< 0.001' : `= ${p.toFixed(p < 0.01 ? 3 : 2)}`;
  if (difference === 0)
    return t('As accurate as {0}: nothing tells them apart (p {1}, images: {2}).', other, chance, images);
  if (p >= significant)
    return difference > 0
      ? t('{0} points better than {1}; could be chance (p {2}, images: {3}).', points, other, chance, images)
      : t('{0} points worse than {1}; could be chance (p {2}, images: {3}).', points, other, chance, images);
  return difference > 0
    ? t('{0} points better than {1}; more than chance (p {2}, images: {3}).', points, other, chance, images)
    : t('{0} points worse than {1}; more than chance (p {2}, images: {3}).', points, other, chance, images);
}
