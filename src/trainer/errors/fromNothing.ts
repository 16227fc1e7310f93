/** Errors of the way from a folder of images without classes to a dataset. */
import { t } from './l10n.js';
import { UserError } from './userError.js';

export const fromNothing = {
  noLoose: (folder: string, labels: readonly string[]) =>
    new UserError(
      'GROUP_NO_LOOSE_IMAGES',
      t('All images in {0} have a class already: {1}.', folder, labels.join(', ')),
      t('Put images without a class into the folder itself, next to the folders of its classes.'),
      { file: folder },
    ),
  hasClasses: (folder: string, labelled: number, labels: readonly string[]) =>
    new UserError(
      'GROUP_HAS_CLASSES',
      t('{0} images in {1} have a class already ({2}) and are left out.', labelled, folder, labels.join(', ')),
      t('Only the images in the folder itself, outside its class folders, are grouped.'),
      { file: folder },
    ),
  tooFewImages: (folder: string, images: number, groups: number) =>
    new UserError(
      'GROUP_TOO_FEW_IMAGES',
      t('{0} images that can be read do not make {1} groups.', images, groups),
      t('Ask for fewer groups, or add images.'),
      { file: folder },
    ),
  tooFewClasses: (folder: string, labels: readonly string[]) =>
    new UserError(
      'SUGGEST_TOO_FEW_CLASSES',
      labels.length === 1
        ? t('Only one class in {0} has images: {1}.', folder, labels[0]!)
        : t('No class in {0} has images yet.', folder),
      t('Move some images into folders of at least two classes, or name a checkpoint that knows them.'),
      { file: folder },
    ),
  tooFewLabelled: (folder: string, label: string) =>
    new UserError(
      'SUGGEST_TOO_FEW_LABELLED',
      t('The class “{0}” has fewer than two images that can be read.', label),
      t('Move at least two images into each class: how sure a suggestion is depends on them.'),
      { file: folder },
    ),
  severalTasks: (folder: string) =>
    new UserError(
      'SUGGEST_SEVERAL_LABELS',
      t('The checkpoint {0} gives an image several labels, so that it says no class.', folder),
      t('Use a checkpoint that was trained on one label for each image.'),
      { file: folder },
    ),
  knowsNoUnknown: (folder: string) =>
    new UserError(
      'SUGGEST_NO_UNKNOWN',
      t('The checkpoint {0} has not stored what it knows, so that each image gets a suggestion.', folder),
      t('Run “vitune calibrate” on it; unlike images then get none.'),
      { file: folder },
    ),
};
