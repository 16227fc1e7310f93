/** Which image of one version of a dataset is which of another, where files may have been moved, renamed or edited. */
import type { ImageList } from '../../shared/imageList.js';

/** Rows of an image in both versions; undefined where it is not in one of them. */
export type Match = readonly [was: number | undefined, is: number | undefined];

/**
 * First those of the same path and content; then those of the same content elsewhere, in a file of the same name before
 * others; then those of the same path, which were edited. What is left was removed or added.
 */
export function matchImages(was: ImageList, is: ImageList): Match[] {
  const matches: Match[] = [];
  let left = rowsOf(was);
  let right = rowsOf(is);
  const pair = (keyOfWas: KeyOf, keyOfIs: KeyOf): void => {
    const open = new Map<string, number[]>();
    // The last first, since they are taken from the end: of several alike the order is kept.
    for (const row of left.toReversed()) {
      const key = keyOfWas(row);
      if (key === undefined) continue;
      const own = open.get(key);
      if (own) own.push(row);
      else open.set(key, [row]);
    }
    const taken = new Set<number>();
    right = right.filter((row) => {
      const key = keyOfIs(row);
      const found = key === undefined ? undefined : open.get(key)?.pop();
      if (found === undefined) return true;
      taken.add(found);
      matches.push([found, row]);
      return false;
    });
    left = left.filter((row) => !taken.has(row));
  };
  const [contentOfWas, contentOfIs] = [contentOf(was), contentOf(is)];
  const joined =
    (content: KeyOf, word: (row: number) => string): KeyOf =>
    (row) => {
      const key = content(row);
      return key === undefined ? undefined : `${key} ${word(row)}`;
    };
  pair(
    joined(contentOfWas, (row) => was.pathAt(row)),
    joined(contentOfIs, (row) => is.pathAt(row)),
  );
  if (left.length && right.length) {
    pair(
      joined(contentOfWas, (row) => was.nameAt(row)),
      joined(contentOfIs, (row) => is.nameAt(row)),
    );
    pair(contentOfWas, contentOfIs);
    pair(
      (row) => was.pathAt(row),
      (row) => is.pathAt(row),
    );
  }
  return [...matches, ...left.map((row): Match => [row, undefined]), ...right.map((row): Match => [undefined, row])];
}

/** Undefined: it has none to be known by. */
type KeyOf = (row: number) => string | undefined;

const rowsOf = (list: ImageList): number[] => Array.from({ length: list.length }, (_, row) => row);

function contentOf(list: ImageList): KeyOf {
  const [size, hash] = [list.number('size')?.data, list.number('hash')?.data];
  return (row) => {
    const own = hash?.[row];
    return own === undefined || Number.isNaN(own) ? undefined : `${size?.[row]}:${own}`;
  };
}
