/** Images that show nearly the same: near in their features, and alike where their thumbnails are laid over another. */
import { correlation, viewsOf, wholeOf } from './alignment.js';
import type { Neighbours } from './nearest.js';

export interface Pair {
  a: number;
  b: number;
  /** Cosine of the features, 0 to 1. */
  similarity: number;
}

/**
 * How near features must be to look at a pair at all, and how alike the thumbnails must then be. The two are chosen on
 * planted copies (`bench/audit/duplicates.ts`, docs/audit.md).
 */
export const bounds = { cosine: 0.7, correlation: 0.93 };
/** Neighbours that are looked at, and how alike whole thumbnails must be for a part of one to match the other. */
const candidates = { neighbours: 24, whole: 0.3 };

/**
 * Pairs of near-duplicates, each once. `thumbnails` are those of `data/imageLook.ts`, by image; of two whose
 * thumbnails are alike the features must be near too, which tells one product from another in front of the same wall.
 */
export async function nearDuplicates(
  { count, indices, similarities }: Neighbours,
  thumbnails: readonly Uint8Array[],
  signal?: AbortSignal,
): Promise<Pair[]> {
  const pairs = new Map<string, Pair>();
  const wholes = thumbnails.map(wholeOf);
  for (let a = 0; a < thumbnails.length; a++) {
    let views: Float32Array | undefined;
    for (let k = 0; k < Math.min(count, candidates.neighbours); k++) {
      const b = indices[a * count + k]!;
      const similarity = similarities[a * count + k]!;
      if (b < 0 || similarity < bounds.cosine) break;
      const key = a < b ? `${a} ${b}` : `${b} ${a}`;
      if (pairs.has(key)) continue;
      if (correlation(wholes[a]!, wholes[b]!) < candidates.whole) continue;
      views ??= viewsOf(thumbnails[a]!);
      if (correlation(views, wholes[b]!) < bounds.correlation) continue;
      pairs.set(key, { a: Math.min(a, b), b: Math.max(a, b), similarity });
    }
    if (a % 64 === 63) {
      signal?.throwIfAborted();
      await new Promise(setImmediate);
    }
  }
  return [...pairs.values()].sort((p, q) => p.a - q.a || p.b - q.b);
}
