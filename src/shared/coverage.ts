/** Which images the figures of an evaluation cover, in words. */

/** How many of the evaluated images the checkpoint's run used for what. */
export interface Coverage {
  train: number;
  validation: number;
  test: number;
  /** Images that the run does not have, or all where its split is not known. */
  other: number;
  /** Whether the split is known; `changed` where it was drawn from a dataset that has changed since. */
  split: 'known' | 'unknown' | 'changed';
}

/** `t` is that of l10n: it translates a text and fills in its numbers. */
export function coverageWords(
  { train, validation, test, other, split }: Coverage,
  t: (message: string, ...args: number[]) => string,
): string[] {
  if (split === 'changed')
    return [
      t('Images: {0}. The dataset of the run has changed since, so some of them may have been trained on.', other),
    ];
  if (split === 'unknown') return [t('Images: {0}. Whether the model was trained on them is not known.', other)];
  const counts = [
    ...(train ? [t('{0} that the model was trained on', train)] : []),
    ...(validation ? [t('{0} validation images of the run', validation)] : []),
    ...(test ? [t('{0} test images of the run', test)] : []),
    ...(other ? [t('{0} that the run does not have', other)] : []),
  ];
  return [
    `${t('Images:')} ${counts.join(', ')}.`,
    ...(train
      ? [t('A model is better on the images it was trained on than on others, so do not rely on this figure.')]
      : []),
  ];
}
