/** Notices and errors of what is kept on disk between runs: decoded images and features. */
import { t } from './l10n.js';
import { gigabytes, type Place, UserError } from './userError.js';

export const caches = {
  cacheUnwritable: (folder: string, reason: string) =>
    new UserError(
      'CACHE_UNWRITABLE',
      t(
        'Decoded images cannot be kept in {0} ({1}); the run continues, but decodes every image again in each epoch.',
        folder,
        reason,
      ),
      t('Free some disk space, or allow writing to the folder.'),
      { file: folder },
    ),
  cacheFull: (limit: number) =>
    new UserError(
      'CACHE_FULL',
      t(
        'Decoded images may take {0} GB on disk, and these take more; the rest is decoded again in each epoch.',
        gigabytes(limit),
      ),
      t('Set VITUNE_PICTURE_CACHE_GB to a greater number, and empty the cache once with "vitune cache --clear".'),
    ),
  cacheDamaged: (pack: string) =>
    new UserError(
      'CACHE_DAMAGED',
      t('Bytes of the cache file {0} have changed on disk; what they stood for is computed again.', pack),
      t('Nothing is lost. If it happens again, check the disk; "vitune cache --clear" empties the cache.'),
      { file: pack },
    ),
  featuresUnwritable: (folder: string, reason: string) =>
    new UserError(
      'FEATURES_UNWRITABLE',
      t(
        'Features cannot be kept in {0} ({1}); the run continues without, and later runs recompute them.',
        folder,
        reason,
      ),
      t('Free some disk space, or allow writing to the folder.'),
      { file: folder },
    ),
  featuresTooLarge: (bytes: number, limit: number) =>
    new UserError(
      'FEATURES_TOO_LARGE',
      t(
        'The features of these images take {0} GB, and the cache may hold {1} GB; the run recomputes them in each epoch.',
        gigabytes(bytes),
        gigabytes(limit),
      ),
      t('Set VITUNE_FEATURE_CACHE_GB to a greater number, or "augmentation.views" to a smaller one.'),
    ),
  featuresImpossible: (place: Place) =>
    new UserError(
      'FEATURE_CACHE_IMPOSSIBLE',
      t(
        'There are no features to keep: the very first layers train, dropout or drop path changes their outputs from step to step, or images are mixed.',
      ),
      t('Set "featureCache" to "auto", turn dropout, drop path, mixup and CutMix off, or let only later blocks train.'),
      place,
    ),
};
