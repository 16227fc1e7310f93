/** Sorts the rows of a list by the numbers of a column, in a time that grows with the number of rows and no faster. */

const digits = 2 ** 16;

/**
 * Sorts `rows` by `keys[row]`, least significant digit first (a radix sort, which keeps the order of equal keys).
 * `NaN` comes last in both directions.
 */
export function sortRows(
  rows: Uint32Array,
  keys: Float32Array | Float64Array | Uint32Array,
  descending: boolean,
): Uint32Array {
  let from = rows.slice();
  let to = new Uint32Array(rows.length);
  for (const word of wordsOf(keys, descending)) {
    for (const shift of [0, 16]) {
      const starts = new Uint32Array(digits + 1);
      for (const row of from) starts[((word[row]! >>> shift) & (digits - 1)) + 1]!++;
      // All rows have the same digit.
      if (starts.includes(from.length)) continue;
      for (let digit = 0; digit < digits; digit++) starts[digit + 1]! += starts[digit]!;
      for (const row of from) to[starts[(word[row]! >>> shift) & (digits - 1)]!++] = row;
      [from, to] = [to, from];
    }
  }
  return from;
}

/** The words of 32 bits, the least significant first, that have the order of the keys. */
function wordsOf(keys: Float32Array | Float64Array | Uint32Array, descending: boolean): Uint32Array[] {
  const flip = descending ? 0xffffffff : 0;
  if (keys instanceof Uint32Array) return [keys.map((key) => key ^ flip)];
  const perKey = keys.BYTES_PER_ELEMENT / 4;
  const bits = new Uint32Array(keys.buffer.slice(keys.byteOffset, keys.byteOffset + keys.byteLength));
  const words = Array.from({ length: perKey }, () => new Uint32Array(keys.length));
  const high = words[perKey - 1]!;
  const low = perKey > 1 ? words[0] : undefined;
  for (let row = 0; row < keys.length; row++) {
    const key = keys[row]!;
    if (Number.isNaN(key)) {
      high[row] = 0xffffffff;
      if (low) low[row] = 0xffffffff;
      continue;
    }
    // The bits of positive floats have their order; those of negative ones the opposite. −0 and 0 are one key.
    const isNegative = key < 0;
    const first = key === 0 ? 0 : bits[perKey * row + perKey - 1]!;
    high[row] = (isNegative ? ~first : first ^ 0x80000000) ^ flip;
    if (low) low[row] = (isNegative ? ~bits[perKey * row]! : key === 0 ? 0 : bits[perKey * row]!) ^ flip;
  }
  return words;
}
