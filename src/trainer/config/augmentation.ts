/** The keys of the config below `augmentation`. */
import * as l10n from '@vscode/l10n';
import * as z from 'zod';

const count = (max: number) => z.int().min(1).max(max);

/** A pair [low, high] of numbers above 0. */
function range(max: number) {
  const bound = z.number().gt(0).max(max);
  return z.tuple([bound, bound]).refine(([low, high]) => low <= high, { params: { ordered: true } });
}

export function augmentation() {
  const crop = z.strictObject({
    scale: range(1).default([0.5, 1]).describe(l10n.t('Smallest and largest share of the image that the crop keeps.')),
    ratio: range(10)
      .default([3 / 4, 4 / 3])
      .describe(l10n.t('Smallest and largest width of the crop divided by its height.')),
  });
  const randAugment = z.strictObject({
    operations: count(14).default(2).describe(l10n.t('How many operations follow one another.')),
    magnitude: z.int().min(0).max(30).default(9).describe(l10n.t('How strong each operation is.')),
  });
  const alpha = () => z.number().min(0).max(100).default(0);
  return z
    .strictObject({
      randomResizedCrop: z
        .union([z.literal(false), crop])
        .prefault({})
        .describe(l10n.t('Cuts out a random part of each training image; false turns it off.')),
      horizontalFlip: z
        .number()
        .min(0)
        .max(1)
        .default(0.5)
        .describe(l10n.t('Probability that a training image is mirrored.')),
      randAugment: z
        .union([z.literal(false), randAugment])
        .default(false)
        .describe(
          l10n.t(
            'RandAugment: applies random operations to each training image (rotations, shears, colours); {} applies the usual two.',
          ),
        ),
      randomErasing: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe(l10n.t('Probability that a part of a training image becomes noise; 0.25 is usual.')),
      mixup: alpha().describe(
        l10n.t(
          'Mixes images and their labels in pairs: the alpha of the Beta distribution of the shares; 0.2 is usual for fine-tuning.',
        ),
      ),
      cutmix: alpha().describe(
        l10n.t(
          'Puts a part of another image into each and mixes the labels by area: the alpha of the Beta distribution of the areas; 1 is usual.',
        ),
      ),
      views: count(1000)
        .optional()
        .describe(
          l10n.t(
            'With cached features: the number of fixed views of each training image; the first is the whole image. Default: 1 for head; other methods then see new augmentations in each epoch.',
          ),
        ),
    })
    .prefault({});
}
