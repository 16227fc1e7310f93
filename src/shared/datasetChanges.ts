/** How a dataset differs from the version that a run was trained on: in numbers and in words. */

export interface DatasetChanges {
  /** Images that there are now. */
  images: number;
  added: number;
  removed: number;
  /** With another label; an image may also count among the two after it. */
  relabelled: number;
  /** From one side of the split to another. */
  resplit: number;
  /** Another content in a file of the same name. */
  edited: number;
}

/** The kinds of change, in the order in which they are said. */
export const changeKinds = ['relabelled', 'added', 'removed', 'resplit', 'edited'] as const;
export type ChangeKind = (typeof changeKinds)[number];

export const isChanged = (changes: DatasetChanges): boolean => changeKinds.some((kind) => changes[kind] > 0);

/** `7 labels changed`, of the kinds that there are. `t` is that of l10n, `count` writes a number. */
export function changeWords(
  changes: DatasetChanges,
  t: (message: string, ...args: (string | number)[]) => string,
  count: (value: number) => string = String,
): string[] {
  const words: Record<ChangeKind, (n: number) => string> = {
    relabelled: (n) => (n === 1 ? t('1 label changed') : t('{0} labels changed', count(n))),
    added: (n) => (n === 1 ? t('1 image added') : t('{0} images added', count(n))),
    removed: (n) => (n === 1 ? t('1 image removed') : t('{0} images removed', count(n))),
    resplit: (n) => (n === 1 ? t('1 image in another split') : t('{0} images in another split', count(n))),
    edited: (n) => (n === 1 ? t('1 image edited') : t('{0} images edited', count(n))),
  };
  return changeKinds.flatMap((kind) => (changes[kind] > 0 ? [words[kind](changes[kind])] : []));
}
