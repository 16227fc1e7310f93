/** Errors and notices of label files (CSV). */
import { t } from './l10n.js';
import { basename } from 'node:path';
import { type Place, UserError } from './userError.js';

export const labelFile = {
  missing: (file: string) =>
    new UserError(
      'LABELS_MISSING',
      t('The label file {0} does not exist.', file),
      t('Put a CSV file there with a column of images and a column of labels, or name another in "labels".'),
      { file },
    ),
  syntax: (place: Place, reason: string) =>
    new UserError(
      'LABELS_SYNTAX',
      t('The label file is not valid CSV: {0}.', reason),
      t('Correct the file at this place, or save it again as CSV in UTF-8.'),
      place,
    ),
  empty: (file: string) =>
    new UserError('LABELS_EMPTY', t('The label file has no row below its header.'), t('Add a row for each image.'), {
      file,
    }),
  columnTwice: (file: string, column: string) =>
    new UserError(
      'LABELS_COLUMN_TWICE',
      t('The label file has two columns named {0}.', column),
      t('Rename or remove one of them.'),
      { file, line: 1 },
    ),
  columnMissing: (file: string, column: string, known: readonly string[]) =>
    new UserError(
      'LABELS_COLUMN_MISSING',
      t('The label file has no column {0}.', column),
      t('Columns that exist: {0}.', known.join(', ')),
      {
        file,
        line: 1,
      },
    ),
  noImageColumn: (file: string, known: readonly string[]) =>
    new UserError(
      'LABELS_NO_IMAGE_COLUMN',
      t('No column of the label file is recognised as that of the images.'),
      t('Call it "image", or name one of these in "image": {0}.', known.join(', ')),
      { file, line: 1 },
    ),
  noLabelColumn: (file: string, known: readonly string[]) =>
    new UserError(
      'LABELS_NO_LABEL_COLUMN',
      t('No column of the label file is recognised as that of the labels.'),
      t('Call it "label", or name some of these in "columns": {0}.', known.join(', ')),
      { file, line: 1 },
    ),
  oneValue: (file: string, column: string, value: string) =>
    new UserError(
      'LABELS_ONE_VALUE',
      value
        ? t('The column {0} has only one value among the training images: {1}.', column, value)
        : t('The column {0} has no value among the training images.', column),
      t('Choose a column with two values or more, or add images with another.'),
      { file, line: 1 },
    ),
  notBinary: (place: Place, column: string, value: string) =>
    new UserError(
      'LABELS_NOT_BINARY',
      t('The column {0} is to hold 0 or 1, but holds {1}.', column, value),
      t('Correct the cell, or name a column of texts in "columns".'),
      place,
    ),
  splitUnknown: (place: Place, column: string, value: string) =>
    new UserError(
      'LABELS_SPLIT_UNKNOWN',
      t('The column {0} has the value {1}, which is not a known name of a split.', column, value),
      t('Write train, validation or test, name another column in "split", or rename this one if it holds no splits.'),
      place,
    ),
  noImages: (file: string, folder: string) =>
    new UserError(
      'LABELS_NO_PICTURES',
      t('The label file names no image in {0} to train on.', folder),
      t('Write the paths of the images relative to this folder, or name the folder in "folder".'),
      { file },
    ),
  labelUnknownToTraining: (place: Place, label: string) =>
    new UserError(
      'CLASS_UNKNOWN_TO_TRAINING',
      t('This row has the label {0}, but no training image has it.', label),
      t('Correct the label, or give training images with it.'),
      place,
    ),
  labelUnknownToModel: (place: Place, label: string) =>
    new UserError(
      'CLASS_UNKNOWN_TO_MODEL',
      t('This row has the label {0}, but the model was not trained on it.', label),
      t('Correct the label, remove the row, or train a new model.'),
      place,
    ),
  notValidated: (file: string, task: string) =>
    new UserError(
      'LABELS_NOT_VALIDATED',
      t('No validation image has a label in the column {0}.', task),
      t('Label more images, or set validationSplit higher.'),
      { file },
    ),

  // Problems that do not stop a run.
  rowUnlabelled: (place: Place, image: string) =>
    new UserError(
      'LABELS_ROW_EMPTY',
      t('The image {0} has no label and is left out.', image),
      t('Fill in its label, or remove the row.'),
      place,
    ),
  imageMissing: (place: Place, image: string) =>
    new UserError(
      'LABELS_PICTURE_MISSING',
      t('The image {0} is not there; its row is left out.', image),
      t('Correct the path, or remove the row.'),
      place,
    ),
  notImage: (place: Place, image: string) =>
    new UserError(
      'LABELS_NOT_PICTURE',
      t('{0} is not a readable image; its row is left out.', image),
      t('Save it as JPEG or PNG, or remove the row.'),
      place,
    ),
  imageOutside: (place: Place, image: string, folder: string) =>
    new UserError(
      'LABELS_PICTURE_OUTSIDE',
      t('The path {0} does not lead to an image inside {1}; its row is left out.', image, folder),
      t('Move the image into the folder, or name a folder that holds all images in "folder".'),
      place,
    ),
  imageTwice: (place: Place, image: string, line: number, same: boolean) =>
    new UserError(
      'LABELS_PICTURE_TWICE',
      same
        ? t('The image {0} is in line {1} already; this row is left out.', image, line)
        : t('The image {0} is in line {1} already, with other values; this row is left out.', image, line),
      t('Keep the row that is right.'),
      place,
    ),
  imagesUnlisted: (file: string, count: number) =>
    new UserError(
      'LABELS_PICTURES_UNLISTED',
      t('{0} images of the folder are not in the label file and are left out.', count),
      t('Add rows for them if they are wanted.'),
      {
        file,
      },
    ),
  labelOnce: (file: string, column: string, label: string) =>
    new UserError(
      'LABELS_LABEL_ONCE',
      t('In the column {0} one training image has the label {1}.', column, label),
      t('Add images of it, ten or more.'),
      {
        file,
      },
    ),
  splitIgnored: (file: string, column: string, value: string) =>
    new UserError(
      'LABELS_SPLIT_IGNORED',
      t('The column {0} is not used for the splits: each of its rows says {1}.', column, value),
      t('Write train, validation or test, or name another column in "split".'),
      { file, line: 1 },
    ),
  splitUnused: (file: string, column: string) =>
    new UserError(
      'LABELS_SPLIT_UNUSED',
      t('The column {0} holds names of splits, but is not used for them.', column),
      t('If it is meant, write "split": "{0}" in the dataset of the config.', column),
      { file, line: 1 },
    ),
  splitEmpty: (file: string, column: string, rows: number) =>
    new UserError(
      'LABELS_SPLIT_EMPTY',
      t('{0} rows have nothing in the column {1}; their images count as training images.', rows, column),
      t('Fill in the split of these rows.'),
      { file, line: 1 },
    ),
  lineBreak: (place: Place, label: string) =>
    new UserError(
      'LABELS_LINE_BREAK',
      t('A label has a line break, which counts as a space: {0}.', label),
      t('Write the label on one line.'),
      place,
    ),
  relativeTo: (file: string, folder: string) =>
    new UserError(
      'LABELS_RELATIVE',
      t('The paths of the images are read as relative to {0}, since the images are there.', folder),
      t('Write the paths relative to the dataset folder if other images are meant.'),
      { file },
    ),
  notRead: (file: string, reason: string) =>
    new UserError(
      'LABELS_NOT_READ',
      t('The label file is not read; the folders are the classes. The reason: {0}', reason),
      t('To learn from the label file, name its columns in the dataset of the config, or correct it.'),
      { file },
    ),
  notAsked: (folder: string, file: string) =>
    new UserError(
      'LABELS_NOT_READ',
      t('The file {0} is not read.', file),
      t(
        'If it holds the labels, call it labels.csv, or set "folder" to "{0}" and "labels" to "{1}" under "dataset" in the config.',
        folder,
        basename(file),
      ),
      { file },
    ),
  neededBy: ({ code, said, place }: UserError, folder: string, file: string) =>
    new UserError(
      code,
      said.message,
      t(
        'If {1} holds the labels, call it labels.csv, or set "folder" to "{0}" and "labels" to "{1}" under "dataset" in the config. Else put the images of each class into a folder of its own.',
        folder,
        basename(file),
      ),
      place,
    ),
  beforeFolders: (file: string, folders: readonly string[]) =>
    new UserError(
      'LABELS_BEFORE_FOLDERS',
      t(
        'The labels are those of the label file; the folders ({0}) are not taken for classes.',
        folders.slice(0, 4).join(', ') + (folders.length > 4 ? ', …' : ''),
      ),
      t('If the folders are the classes, move the label file out of the dataset.'),
      { file },
    ),
  imagesElsewhere: (file: string, missing: number, rows: number) =>
    new UserError(
      'LABELS_PICTURES_MISSING',
      t('{0} of its {1} rows name images that are not in the folder.', missing, rows),
      t('Correct the paths.'),
      { file },
    ),
};
