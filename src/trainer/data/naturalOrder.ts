/**
 * The order in which labels and files come: numbers by value, the rest by code unit, so the same on every machine and
 * in every language.
 */

const isDigit = (code: number) => code >= 48 && code <= 57;

function compare(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (!isDigit(a.charCodeAt(i)) || !isDigit(b.charCodeAt(j))) {
      const difference = a.charCodeAt(i++) - b.charCodeAt(j++);
      if (difference !== 0) return difference;
      continue;
    }
    while (a[i] === '0') i++;
    while (b[j] === '0') j++;
    const startA = i;
    const startB = j;
    while (i < a.length && isDigit(a.charCodeAt(i))) i++;
    while (j < b.length && isDigit(b.charCodeAt(j))) j++;
    // Without leading zeros the longer number is the greater; of equal length, the order of the digits is that of the
    // values.
    const lengths = i - startA - (j - startB);
    if (lengths !== 0) return lengths;
    const digitsA = a.slice(startA, i);
    const digitsB = b.slice(startB, j);
    if (digitsA !== digitsB) return digitsA < digitsB ? -1 : 1;
  }
  return a.length - i - (b.length - j);
}

/**
 * Sorts a copy of `list` by `key`: "2" before "10", composed and decomposed letters as equal. Equal keys fall back to
 * plain order.
 */
export function sortNaturally<T>(list: readonly T[], key: (item: T) => string): T[] {
  const keyed = list.map((item) => ({ item, raw: key(item), key: key(item).normalize('NFC') }));
  keyed.sort((a, b) => compare(a.key, b.key) || (a.raw < b.raw ? -1 : a.raw > b.raw ? 1 : 0));
  return keyed.map(({ item }) => item);
}
