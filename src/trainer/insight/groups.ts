/** Images that belong together, so that a split should not part them: near-duplicates, bursts and frames of a video. */
import { basename, dirname } from 'node:path';
import type { ImageCheck } from '../data/decode.js';
import type { Pair } from './nearDuplicates.js';
import type { Neighbours } from './nearest.js';

/** Sets of numbers that are joined in pairs. */
export class Unions {
  readonly #parents: Int32Array;

  constructor(count: number) {
    this.#parents = Int32Array.from({ length: count }, (_, i) => i);
  }

  /** The number that stands for the set of `i`. */
  find(i: number): number {
    let root = i;
    while (this.#parents[root] !== root) root = this.#parents[root]!;
    for (let at = i; at !== root;) [at, this.#parents[at]] = [this.#parents[at]!, root];
    return root;
  }

  join(a: number, b: number): void {
    const [first, second] = [this.find(a), this.find(b)];
    this.#parents[Math.max(first, second)] = Math.min(first, second);
  }

  /** For each number that of its set. */
  numbers(): Int32Array {
    return this.#parents.map((_, i) => this.find(i));
  }

  /** The sets of at least two. */
  sets(): number[][] {
    const sets = new Map<number, number[]>();
    for (let i = 0; i < this.#parents.length; i++) {
      const own = sets.get(this.find(i));
      if (own) own.push(i);
      else sets.set(this.find(i), [i]);
    }
    return [...sets.values()].filter(({ length }) => length > 1);
  }
}

/** The most seconds, or numbers in their names, between two images of a burst, and how near their features must be. */
const burst = { seconds: 3, numbers: 2, cosine: 0.9 };

interface Place {
  /** The folder and the name without its last number. */
  series: string;
  number: number;
}

/** `video/frame_0012.jpg` is number 12 of the series `video/frame_.jpg`; undefined for a name without a number. */
function placeOf(path: string): Place | undefined {
  const name = basename(path);
  const last = /(\d+)(?!.*\d)/.exec(name.replace(/\.[^.]*$/, ''));
  if (!last) return undefined;
  const series = `${dirname(path)}\0${name.slice(0, last.index)}\0${name.slice(last.index + last[0].length)}`;
  return { series, number: Number(last[0]) };
}

/** Whether two images were taken one right after the other, by their times or else by their names. */
export function followEachOther(a: Taken, b: Taken): boolean {
  const [first, second] = [a.check.look, b.check.look];
  if (first.time !== undefined && second.time !== undefined)
    return first.camera === second.camera && Math.abs(first.time - second.time) <= burst.seconds;
  const [one, other] = [placeOf(a.path), placeOf(b.path)];
  return one !== undefined && one.series === other?.series && Math.abs(one.number - other.number) <= burst.numbers;
}

export interface Taken {
  path: string;
  check: ImageCheck;
}

/** Pairs of images that were taken one right after the other and look alike to the network. */
export function burstPairs(images: readonly Taken[], neighbours: Neighbours): Pair[] {
  const { count, indices, similarities } = neighbours;
  const pairs: Pair[] = [];
  for (const [a, image] of images.entries()) {
    for (let k = 0; k < count; k++) {
      const b = indices[a * count + k]!;
      const similarity = similarities[a * count + k]!;
      if (b < 0 || similarity < burst.cosine) break;
      if (followEachOther(image, images[b]!)) pairs.push({ a, b, similarity });
    }
  }
  return pairs;
}
