/** What a calibration says, in words. */
import { fewestImages, type TaskCalibration } from './calibration.js';

/** `t` is that of l10n; `percent` writes a share, and `figure` a temperature. */
interface Words {
  t: (message: string, ...args: (string | number)[]) => string;
  percent: (share: number) => string;
  figure: (value: number) => string;
}

/** A line for each task, and one for what is unknown. */
export function calibrationWords(
  { tasks, unknown }: { tasks: readonly TaskCalibration[]; unknown?: { accepted: number; images: number } | undefined },
  { t, percent, figure }: Words,
): string[] {
  const of = ({ images, temperature, missing, ece }: TaskCalibration): string => {
    if (missing === 'fewImages')
      return t(
        'Not calibrated: validation has {0} images, and {1} are needed. Add images, or raise validationSplit.',
        images,
        fewestImages,
      );
    if (missing === 'oneClass')
      return t(
        'Not calibrated: all {0} validation images have the same label. Add validation images of other labels.',
        images,
      );
    const errors = t(
      'Calibrated on {0} validation images: temperature {1}, calibration error {2} before, {3} after.',
      images,
      figure(temperature),
      percent(ece?.before ?? 0),
      percent(ece?.after ?? 0),
    );
    if (!ece?.corrected) return errors;
    const { before, after } = ece.corrected;
    return `${errors} ${t('Without what chance adds: {0} before, {1} after.', percent(before), percent(after))}`;
  };
  return [
    ...tasks.map((each) => (tasks.length > 1 ? `${each.task}: ${of(each)}` : of(each))),
    ...(unknown
      ? [
          t(
            'Unknown images: {0} of the validation images count as known, by their likeness to {1} training images.',
            percent(unknown.accepted),
            unknown.images,
          ),
        ]
      : []),
  ];
}
