/** Images that are copies of each other, or belong together: found by their bytes, their features and their names. */
import type { GoodLook } from '../data/lookAtAll.js';
import type { Finding } from '../protocol.js';
import { burstPairs, followEachOther, Unions, type Taken } from './groups.js';
import { nearDuplicates, type Pair } from './nearDuplicates.js';
import type { Neighbours } from './nearest.js';

export interface Kindred {
  /** Sets of images with the same bytes. */
  same: number[][];
  /** Pairs of images that show nearly the same or follow each other, without those of the same bytes. */
  pairs: Pair[];
  /** For each image the number of the set that a split should keep together. */
  groups: Int32Array;
  /** These sets, of two images or more. */
  sets: number[][];
}

const takenOf = ({ sample, result }: GoodLook): Taken => ({ path: sample.path, check: result });

export async function kindredImages(
  images: readonly GoodLook[],
  neighbours: Neighbours,
  signal?: AbortSignal,
): Promise<Kindred> {
  const unions = new Unions(images.length);
  const byHash = new Map<string, number[]>();
  for (const [i, { result }] of images.entries()) {
    const own = byHash.get(result.hash);
    if (own) own.push(i);
    else byHash.set(result.hash, [i]);
  }
  const same = [...byHash.values()].filter(({ length }) => length > 1);
  for (const [first, ...others] of same) for (const other of others) unions.join(first!, other);
  const found = await nearDuplicates(
    neighbours,
    images.map(({ result }) => result.look.thumbnail),
    signal,
  );
  const pairs = [...found, ...burstPairs(images.map(takenOf), neighbours)].filter(
    ({ a, b }) => images[a]!.result.hash !== images[b]!.result.hash,
  );
  for (const { a, b } of pairs) unions.join(a, b);
  return { same, pairs, groups: unions.numbers(), sets: unions.sets() };
}

/** Of a series of so many images, not just of two, it is said that it is a burst. */
const burstLength = 3;

/** Copies with the same bytes first, then sets that are alike, each with the split of each image. */
export function kindredFindings(images: readonly GoodLook[], { same, pairs, sets }: Kindred): Finding[] {
  const similarity = leastBySet(pairs, sets);
  const finding = (
    members: readonly number[],
    kind: 'duplicate' | 'near-duplicate' | 'burst',
    least: number,
  ): Finding => {
    const splits = members.map((i) => images[i]!.split);
    return {
      type: 'finding',
      kind: new Set(splits).size > 1 ? 'leakage' : kind,
      paths: members.map((i) => images[i]!.sample.path),
      splits,
      similarity: least,
    };
  };
  const isSame = (members: readonly number[]): boolean =>
    members.every((i) => images[i]!.result.hash === images[members[0]!]!.result.hash);
  const kindOf = (members: readonly number[]): 'near-duplicate' | 'burst' => {
    const ordered = members.map((i) => takenOf(images[i]!)).sort((a, b) => inOrder(a, b));
    const steps = ordered.slice(1).filter((image, i) => followEachOther(ordered[i]!, image)).length;
    return members.length >= burstLength && 2 * steps >= members.length - 1 ? 'burst' : 'near-duplicate';
  };
  return [
    ...same.map((members) => finding(members, 'duplicate', 1)),
    ...sets
      .filter((members) => !isSame(members))
      .map((members) => finding(members, kindOf(members), similarity.get(members[0]!) ?? 0)),
  ];
}

const collator = new Intl.Collator('en', { numeric: true });
const inOrder = (a: Taken, b: Taken): number =>
  (a.check.look.time ?? 0) - (b.check.look.time ?? 0) || collator.compare(a.path, b.path);

/** The least similarity of a pair in each set, by the set's first image; of a set without pairs there is none. */
function leastBySet(pairs: readonly Pair[], sets: readonly number[][]): Map<number, number> {
  const first = new Map(sets.flatMap((members) => members.map((i): [number, number] => [i, members[0]!])));
  const least = new Map<number, number>();
  for (const { a, similarity } of pairs) {
    const key = first.get(a)!;
    least.set(key, Math.min(similarity, least.get(key) ?? Infinity));
  }
  return least;
}
