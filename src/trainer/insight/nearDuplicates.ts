/** Images that show nearly the same: near in their features, and alike where their thumbnails are laid over another. */
import { coarseViewsOf, likeness, type Views } from './alignment.js';
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
  const lookOf = remembered(thumbnails);
  for (let a = 0; a < thumbnails.length; a++) {
    for (let k = 0; k < Math.min(count, neighboursLookedAt); k++) {
      const b = indices[a * count + k]!;
      const similarity = similarities[a * count + k]!;
      if (b < 0 || similarity < bounds.cosine) break;
      const key = a < b ? `${a} ${b}` : `${b} ${a}`;
      if (pairs.has(key)) continue;
      const alike = likeness(lookOf(a), lookOf(b), bounds.coarse);
      if (alike === undefined || alike < bounds.detail) continue;
      pairs.set(key, { a: Math.min(a, b), b: Math.max(a, b), similarity });
    }
    if (a % 64 === 63) {
      signal?.throwIfAborted();
      await new Promise(setImmediate);
    }
  }
  return [...pairs.values()].sort((p, q) => p.a - q.a || p.b - q.b);
}

/** Images whose coarse views are kept: those of 100,000 would not fit into memory. */
const kept = 8192;

interface Remembered {
  thumbnail: Uint8Array;
  coarse: Views;
}

/** An image's thumbnail with its views, which were made for the images that were asked for last. */
function remembered(thumbnails: readonly Uint8Array[]): (image: number) => Remembered {
  const known = new Map<number, Remembered>();
  return (image) => {
    const found = known.get(image);
    if (found) return found;
    if (known.size >= kept) known.delete(known.keys().next().value!);
    const thumbnail = thumbnails[image]!;
    const made = { thumbnail, coarse: coarseViewsOf(thumbnail) };
    known.set(image, made);
    return made;
  };
}
