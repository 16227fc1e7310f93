/** The relative position bias of BEiT (Bao et al., 2022, arXiv:2106.08254; Shaw et al., 2018, arXiv:1803.02155). */
import type { Value } from '../ir/value.js';
import type { Scope } from './scope.js';

/**
 * The bias [heads, tokens, tokens] of each query (second axis) and key (third) on a class token and rows · columns
 * patches, from the weight `name` [(2·rows - 1)(2·columns - 1) + 3, heads]: a row for each distance between two
 * patches, one for the class token as query, one for it as key, one for it as both. Made without a gather: each key's
 * distances are the same list, shifted by its place.
 */
export function relativePositionBias(
  { b, weight }: Scope,
  name: string,
  rows: number,
  columns: number,
  heads: number,
): Value {
  const [tall, wide] = [2 * rows - 1, 2 * columns - 1];
  const table = weight(name, [tall * wide + 3, heads]);
  /** x [2n - 1, rest] -> [n, n, rest]: what lies at [key, query] is x[query - key + n - 1]. */
  const shifted = (x: Value, n: number): Value => {
    const rest = x.shape[1]!;
    const padded = b.concat(0, x, b.expand(b.scalar(0), [1, rest]));
    const repeated = b.reshape(b.expand(b.reshape(padded, [1, 2 * n, rest]), [n, 2 * n, rest]), [n * 2 * n, rest]);
    return b.slice(b.reshape(b.slice(repeated, 0, 0, n * (2 * n - 1)), [n, 2 * n - 1, rest]), 1, n - 1, 2 * n - 1);
  };
  const byRow = shifted(b.reshape(b.slice(table, 0, 0, tall * wide), [tall, wide * heads]), rows);
  const columnsFirst = b.transpose(b.reshape(byRow, [rows, rows, wide, heads]), [2, 0, 1, 3]);
  const byPlace = b.reshape(shifted(b.reshape(columnsFirst, [wide, rows * rows * heads]), columns), [
    columns,
    columns,
    rows,
    rows,
    heads,
  ]);
  const patches = b.reshape(b.transpose(byPlace, [4, 3, 1, 2, 0]), [heads, rows * columns, rows * columns]);
  const special = (i: number, shape: number[]): Value =>
    b.expand(b.reshape(b.slice(table, 0, tall * wide + i, tall * wide + i + 1), [heads, 1, 1]), shape);
  const top = b.concat(2, special(2, [heads, 1, 1]), special(0, [heads, 1, rows * columns]));
  return b.concat(1, top, b.concat(2, special(1, [heads, rows * columns, 1]), patches));
}
