/** Rotary position embedding (Su et al., 2021, arXiv:2104.09864) over a grid of patches: the tables of its angles. */
import type { Value } from '../ir/value.js';
import type { Scope } from './scope.js';

/** How a network's angles follow from the places of patches. */
export interface RotaryGrid {
  /** Width of a head. */
  size: number;
  /** Tokens before the patches, which are not turned. */
  special: number;
  rows: number;
  columns: number;
  theta: number;
  /** Where patch number `index` of `count` along an axis lies, in radians at the highest frequency. */
  place(index: number, count: number): number;
  /** Whether the first half of the frequencies goes by the column rather than by the row. */
  columnFirst?: boolean;
  /** Whether neighbours of the last axis are turned together, rather than its two halves. */
  interleaved?: boolean;
}

/**
 * Cosine and sine [tokens, size] of the angles by which a head's queries and keys are turned: place / θ^(4i / size),
 * one half of the frequencies by the patch's row, one by its column. Where training keeps some tokens of each image,
 * they are those of the kept ones, [batch, 1, kept, size].
 */
export function rotaryTables(s: Scope, batch: number, o: RotaryGrid): { cos: Value; sin: Value; interleaved: boolean } {
  const { b } = s;
  const { size, special, rows, columns, theta, place, columnFirst = false, interleaved = false } = o;
  const quarter = size / 4;
  const tokens = special + rows * columns;
  const kept = s.keptTokens(batch, special, tokens);
  const angle = (row: number, i: number): number => {
    if (row < special) return 0;
    const patch = row - special;
    const frequency = interleaved ? Math.floor(i / 2) : i % (size / 2);
    const isColumn = frequency < quarter === columnFirst;
    const along = isColumn ? place(patch % columns, columns) : place(Math.floor(patch / columns), rows);
    return along * theta ** (-(frequency % quarter) / quarter);
  };
  const table = (of: (angle: number) => number): Value => {
    const data = Float32Array.from({ length: tokens * size }, (_, k) => of(angle(Math.floor(k / size), k % size)));
    const whole = b.constant('', [tokens, size], data);
    return kept
      ? b.reshape(b.matmul(kept, b.expand(b.reshape(whole, [1, tokens, size]), [batch, tokens, size])), [
          batch,
          1,
          kept.shape[1]!,
          size,
        ])
      : whole;
  };
  return { cos: table(Math.cos), sin: table(Math.sin), interleaved };
}
