/** Images that show nearly the same: near in their features, and alike where their thumbnails are laid over another. */
import { coarseViewsOf, correlation, fineViewsOf, type Views } from './alignment.js';
import type { Neighbours } from './nearest.js';

export interface Pair {
  a: number;
  b: number;
  /** Cosine of the features, 0 to 1. */
  similarity: number;
}

/**
 * How near features must be to look at a pair at all, and how alike the coarse thumbnails and the detail of the fine
 * ones must then be. They are chosen on planted copies (`bench/audit/duplicates.ts`, docs/audit.md).
 */
const bounds = { cosine: 0.7, coarse: 0.85, detail: 0.75 };
/** Neighbours of each image that are looked at. */
const neighboursLookedAt = 24;

/** Pairs of near-duplicates, each once. `thumbnails` are those of `data/imageLook.ts`, by image. */
export async function nearDuplicates(
  { count, indices, similarities }: Neighbours,
  thumbnails: readonly Uint8Array[],
  signal?: AbortSignal,
): Promise<Pair[]> {
  const pairs = new Map<string, Pair>();
  const coarse = remembered(thumbnails, coarseViewsOf);
  const fine = remembered(thumbnails, fineViewsOf);
  for (let a = 0; a < thumbnails.length; a++) {
    for (let k = 0; k < Math.min(count, neighboursLookedAt); k++) {
      const b = indices[a * count + k]!;
      const similarity = similarities[a * count + k]!;
      if (b < 0 || similarity < bounds.cosine) break;
      const key = a < b ? `${a} ${b}` : `${b} ${a}`;
      if (pairs.has(key) || correlation(coarse(a), coarse(b)) < bounds.coarse) continue;
      if (correlation(fine(a), fine(b)) < bounds.detail) continue;
      pairs.set(key, { a: Math.min(a, b), b: Math.max(a, b), similarity });
    }
    if (a % 64 === 63) {
      signal?.throwIfAborted();
      await new Promise(setImmediate);
    }
  }
  return [...pairs.values()].sort((p, q) => p.a - q.a || p.b - q.b);
}

/** Views of the images that were asked for last: those of 100,000 would not fit into memory. */
const kept = 4096;

function remembered(thumbnails: readonly Uint8Array[], viewsOf: (thumbnail: Uint8Array) => Views) {
  const known = new Map<number, Views>();
  return (image: number): Views => {
    const found = known.get(image);
    if (found) return found;
    if (known.size >= kept) known.delete(known.keys().next().value!);
    const made = viewsOf(thumbnails[image]!);
    known.set(image, made);
    return made;
  };
}
