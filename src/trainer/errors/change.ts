/** Errors of changes to the images of a dataset: what is refused, and what is left as it is. */
import { basename } from 'node:path';
import { t } from './l10n.js';
import { type Place, UserError } from './userError.js';

const lookAgain = () => t('The grid shows what is there now; select the image and try again.');

export const change = {
  gone: (file: string) =>
    new UserError('CHANGE_IMAGE_GONE', t('{0} is not there any more.', basename(file)), lookAgain(), { file }),
  notOfDataset: (file: string) =>
    new UserError(
      'CHANGE_IMAGE_FOREIGN',
      t('{0} is not an image of the dataset.', basename(file)),
      t('It may be excluded, lie outside the classes, or have no row in the label file.'),
      { file },
    ),
  withoutClass: (file: string) =>
    new UserError(
      'CHANGE_NO_CLASS',
      t('{0} has no class, so that it cannot be in a split.', basename(file)),
      t('Move it to a class first.'),
      { file },
    ),
  labelChanged: (file: string, shown: string, now: string) =>
    new UserError(
      'CHANGE_LABEL_CHANGED',
      t('{0} was shown as {1} and is {2} by now.', basename(file), shown, now),
      lookAgain(),
      { file },
    ),
  cellChanged: (place: Place, image: string) =>
    new UserError(
      'CHANGE_CELL_CHANGED',
      t('The row of {0} was changed in the meantime.', image),
      t('The label file is left as it is; correct the row there.'),
      place,
    ),
  rowGone: (file: string, image: string) =>
    new UserError(
      'CHANGE_ROW_GONE',
      t('The label file has no row of {0} any more.', image),
      t('Put the image and its row back, or leave it.'),
      { file },
    ),
  lineBreak: (file: string) =>
    new UserError(
      'CHANGE_LINE_BREAK',
      t('The name of {0} has a line break, which the list of excluded images cannot hold.', basename(file)),
      t('Rename the file first.'),
      { file },
    ),
  notWritten: (file: string, reason: string) =>
    new UserError(
      'CHANGE_NOT_WRITTEN',
      t('{0} cannot be written: {1}', basename(file), reason),
      t('Nothing was changed. Allow writing to the file and its folder, then try again.'),
      { file },
    ),
  nameUnfit: (name: string) =>
    new UserError(
      'CHANGE_NAME_UNFIT',
      t('A class cannot be called “{0}”.', name),
      t(
        'Its folder has the same name: without / \\ : * ? " < > |, without a dot at its ends, and no name that Windows keeps for devices.',
      ),
    ),
  nameOfSplit: (name: string) =>
    new UserError(
      'CHANGE_NAME_OF_SPLIT',
      t('A folder called “{0}” would be read as a split, not as a class.', name),
      t('Choose another name.'),
    ),
  splitIsClass: (name: string) =>
    new UserError(
      'CHANGE_SPLIT_IS_CLASS',
      t('The folder “{0}” is a class, so that it cannot be a split.', name),
      t('Rename the class first.'),
    ),
  lineThere: (file: string, image: string) =>
    new UserError('CHANGE_LINE_THERE', t('{0} lists {1} already.', basename(file), basename(image)), lookAgain(), {
      file,
    }),
  lineGone: (file: string, image: string) =>
    new UserError(
      'CHANGE_LINE_GONE',
      t('{0} does not list {1} any more.', basename(file), basename(image)),
      t('The image is not excluded by it, or by another line.'),
      { file },
    ),
  nameTaken: (name: string, other: string) =>
    new UserError(
      'CHANGE_NAME_TAKEN',
      t('There is the class “{0}”, and “{1}” differs from it only in upper and lower case.', other, name),
      t('Use the class that is there, or another name.'),
    ),
  oneClass: () =>
    new UserError(
      'CHANGE_ONE_CLASS',
      t('Fewer than two classes would have training images.'),
      t('Nothing was changed. A dataset needs two classes or more.'),
    ),
  noTraining: (label: string) =>
    new UserError(
      'CHANGE_NO_TRAINING',
      t('The class “{0}” would have images in validation or test, and none in training.', label),
      t('Nothing was changed. Leave a training image in the class, or change its other images first.'),
    ),
  severalLabels: (task: string) =>
    new UserError(
      'CHANGE_SEVERAL_LABELS',
      t('An image has any number of labels in {0}, so that it is not moved from one to another.', task),
      t('Change the labels in the label file.'),
    ),
  noSplitColumn: (file: string) =>
    new UserError(
      'CHANGE_NO_SPLIT_COLUMN',
      t('The label file has no column of splits.'),
      t('Add a column “split” with train, validation or test in each row; then images can be moved between splits.'),
      { file },
    ),
  splitAmbiguous: (file: string, word: string) =>
    new UserError(
      'CHANGE_SPLIT_AMBIGUOUS',
      t('With “{0}” in the column of splits, its other values would mean other splits.', word),
      t('Rename the values of the column to train, validation and test first.'),
      { file },
    ),
  drawnBySeed: () =>
    new UserError(
      'CHANGE_DRAWN_BY_SEED',
      t('Training and validation are drawn from the seed, so that no image is in one of them by name.'),
      t('Move the images for validation to the validation split; the others are for training then.'),
    ),
  nothing: () =>
    new UserError('CHANGE_NOTHING', t('These images are there already.'), t('Choose other images or another place.')),
};
