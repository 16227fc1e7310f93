/** The key `split` of the config: which images stay on one side of a split that is drawn by seed. */
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { choice } from './choice.js';

export const splitSchema = () =>
  z
    .strictObject({
      groupBy: z
        .union([
          choice({
            duplicates: l10n.t('Images that are nearly the same, or follow each other in a burst or video.'),
            folder: l10n.t('Images in the same folder, below that of their class.'),
            time: l10n.t('Images taken one after the other, by the time in their EXIF data.'),
          }),
          z.strictObject({
            column: z.string().min(1).describe(l10n.t('Rows with the same value in this column of the label file.')),
          }),
          z.strictObject({
            pattern: z
              .string()
              .min(1)
              .describe(
                l10n.t(
                  'Images whose paths have the same text where this regular expression matches, or in its first group.',
                ),
              ),
          }),
        ])
        .describe(l10n.t('Which images stay on one side of a split that is drawn by seed.')),
    })
    .optional()
    .describe(
      l10n.t('How the validation images are drawn where the dataset has no validation folder; without it, one by one.'),
    );
