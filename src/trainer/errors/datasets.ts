/** Errors and notices of images and of folders of them. */
import { t } from './l10n.js';
import { basename } from 'node:path';
import { type Place, UserError } from './userError.js';

/** The first few of some names. */
const some = (names: readonly string[]): string => names.slice(0, 4).join(', ') + (names.length > 4 ? ', …' : '');

export const datasets = {
  imageUnreadable: (file: string, reason: string) =>
    new UserError(
      'IMAGE_UNREADABLE',
      t('This file cannot be read as an image: {0}', reason),
      t('Replace it or remove it from the folder.'),
      { file },
    ),
  imageFormatUnsupported: (file: string, format: string) =>
    new UserError(
      'IMAGE_FORMAT_UNSUPPORTED',
      t('The image format {0} is not supported.', format),
      t('Save the image as JPEG or PNG.'),
      { file },
    ),
  imageLost: (file: string) =>
    new UserError(
      'IMAGE_LOST',
      t('This image could be read when the run began and cannot be read any more.'),
      t('Put the image back and resume the run; do not change the dataset while it is in use.'),
      { file },
    ),

  imageWorkerLost: (code: number) =>
    new UserError(
      'IMAGE_WORKER_LOST',
      t('A thread that prepares images has ended unexpectedly (code {0}).', code),
      t(
        'Resume the run. If it happens again, check the memory of the machine, and run "vitune inspect" on the dataset.',
      ),
    ),
  imageWorkersLost: (times: number) =>
    new UserError(
      'IMAGE_WORKER_LOST',
      t('The threads that prepare images have ended unexpectedly more than {0} times.', times),
      t(
        'Resume the run. If it happens again, check the memory of the machine, and run "vitune inspect" on the dataset.',
      ),
    ),

  // --- datasets -----------------------------------------------------------------------------------------------
  datasetMissing: (folder: string) =>
    new UserError(
      'DATASET_MISSING',
      t('The dataset folder {0} does not exist.', folder),
      t('Check the path, or choose another folder.'),
      { file: folder },
    ),
  datasetNotFolder: (file: string) =>
    new UserError(
      'DATASET_NOT_FOLDER',
      t('{0} is a file, but a dataset is a folder.', file),
      t('Choose the folder that holds one folder for each class.'),
      {
        file,
      },
    ),
  folderUnreadable: (folder: string) =>
    new UserError(
      'FOLDER_UNREADABLE',
      t('The folder {0} may not be read.', folder),
      t('Allow reading it, or choose another folder.'),
      { file: folder },
    ),
  datasetEmpty: (folder: string, unsupported: number) =>
    new UserError(
      'DATASET_EMPTY',
      unsupported > 0
        ? t(
            'There is no image to train on in {0}: its {1} images have formats that are not supported.',
            folder,
            unsupported,
          )
        : t('There is no image to train on in {0}.', folder),
      unsupported > 0
        ? t('Save the images as JPEG or PNG.')
        : t('Put the images of each class into a folder of its own, named after the class.'),
      { file: folder },
    ),
  datasetFlat: (folder: string, images: number) =>
    new UserError(
      'DATASET_FLAT',
      t('The {0} images in {1} are not sorted into classes.', images, folder),
      t('Put the images of each class into a folder of its own, named after the class.'),
      { file: folder },
    ),
  datasetOneClass: (folder: string, label: string) =>
    new UserError(
      'DATASET_ONE_CLASS',
      t('The dataset has only one class, {0}; at least two are needed.', label),
      t(
        'Add a folder with images of another class. If the classes are folders inside {0}, choose that folder as the dataset.',
        label,
      ),
      { file: folder },
    ),
  classesAlike: (folder: string, classes: readonly string[], inner: readonly string[]) =>
    new UserError(
      'CLASSES_ALIKE',
      t(
        'The folders {0} all hold the same folders ({1}). They look like splits or batches of one dataset, not like classes.',
        some(classes),
        some(inner),
      ),
      t(
        'Name splits train, validation and test. Of batches, merge the inner folders by class. If {0} are the classes, set "train" under "dataset" in the config to "{1}".',
        some(classes),
        folder,
      ),
      { file: folder },
    ),
  splitsInsideClasses: (folder: string, classes: readonly string[], splits: readonly string[]) =>
    new UserError(
      'SPLITS_INSIDE_CLASSES',
      t('The folders {0} each hold the splits {1}. The splits must be the outer folders.', some(classes), some(splits)),
      t('Move the images so that the paths are like {0}/{1}.', splits[0]!, classes[0]!),
      { file: folder },
    ),
  datasetAnnotated: (folder: string, names: readonly string[]) =>
    new UserError(
      'DATASET_ANNOTATED',
      t(
        'The folders {0} look like images and their annotations, as for detection or segmentation, not like classes.',
        some(names),
      ),
      t('Put the images of each class into a folder of its own, or list them with their labels in labels.csv.'),
      { file: folder },
    ),
  splitTwice: (folder: string, one: string, other: string) =>
    new UserError(
      'SPLIT_TWICE',
      t('The folders {0} and {1} mean the same split.', one, other),
      t('Keep one of them.'),
      { file: folder },
    ),
  splitTrainMissing: (folder: string) =>
    new UserError(
      'SPLIT_TRAIN_MISSING',
      t('The dataset {0} has folders for validation or test, but none for training.', folder),
      t('Add a folder named train with one folder for each class.'),
      { file: folder },
    ),
  classUnknownToTraining: (folder: string, label: string) =>
    new UserError(
      'CLASS_UNKNOWN_TO_TRAINING',
      t('The class {0} is in {1}, but there are no training images of it.', label, folder),
      t('Add training images of {0}, correct the name of the folder, or remove it.', label),
      { file: folder },
    ),
  classUnknownToModel: (folder: string, label: string) =>
    new UserError(
      'CLASS_UNKNOWN_TO_MODEL',
      t('The class {0} is in {1}, but the model was not trained on it.', label, folder),
      t('Correct the name of the folder, remove it, or train a new model.'),
      { file: folder },
    ),
  classLost: (label: string, folder: string) =>
    new UserError(
      'CLASS_LOST',
      t('No training image of the class {0} can be read.', label),
      t('Replace the images of {0}, or remove the class.', label),
      {
        file: folder,
      },
    ),
  noReadableImages: (folder: string) =>
    new UserError(
      'NO_READABLE_IMAGES',
      t('None of the images in {0} can be read.', folder),
      t('Replace the images, or choose another folder.'),
      {
        file: folder,
      },
    ),

  // Problems of a dataset that do not stop a run.
  classTwice: (folder: string, label: string) =>
    new UserError(
      'CLASS_TWICE',
      t('Two folders have the name {0}, written with different Unicode characters; they count as one class.', label),
      t('Move the images into one of the folders.'),
      { file: folder },
    ),
  imagesExcluded: (file: string, images: number) =>
    new UserError(
      'IMAGES_EXCLUDED',
      images === 1
        ? t('1 image is left out: it is listed in {0}.', basename(file))
        : t('{0} images are left out: they are listed in {1}.', images, basename(file)),
      t('Remove their lines to use them again.'),
      { file },
    ),
  excludedNothing: (place: Place, path: string, isThere: boolean) =>
    new UserError(
      'EXCLUDED_NOTHING',
      isThere
        ? t('{0} is listed to be left out, but it is not an image of the dataset.', path)
        : t('{0} is listed to be left out, but it is not there.', path),
      t('Correct the path, which is relative to the folder of the list, or remove the line.'),
      place,
    ),
  excludeNotText: (file: string) =>
    new UserError(
      'EXCLUDE_NOT_TEXT',
      t('The list of images to leave out is not text in UTF-8.'),
      t('Save it again as UTF-8, with a path on each line.'),
      { file },
    ),
  classEmpty: (folder: string, label: string) =>
    new UserError(
      'CLASS_EMPTY',
      t('The folder {0} holds no image and is left out.', label),
      t('Add images to it, or remove it.'),
      { file: folder },
    ),
  classOneImage: (label: string, file: string) =>
    new UserError(
      'CLASS_ONE_IMAGE',
      t('The class {0} has one training image.', label),
      t('Add images of it, ten or more.'),
      { file },
    ),
  imagesOutsideClasses: (folder: string, images: number) =>
    new UserError(
      'IMAGES_OUTSIDE_CLASSES',
      t('{0} images in {1} are in no class folder and are left out.', images, folder),
      t('Move them into the folder of their class.'),
      { file: folder },
    ),
  classesNested: (folder: string, classes: readonly string[], inner: string) =>
    new UserError(
      'CLASSES_NESTED',
      classes.length === 1
        ? t(
            'All images below {0} count as one class: folders inside it, such as {1}, are not classes.',
            classes[0]!,
            inner,
          )
        : t(
            'Each folder of {0} counts as one class with all images below it: folders inside {1} of them, such as {2}, are not classes.',
            folder,
            classes.length,
            inner,
          ),
      t('If the inner folders are the classes, move them up by one level.'),
      { file: folder },
    ),
  classNamedLikeSplit: (folder: string) =>
    new UserError(
      'CLASS_NAMED_LIKE_SPLIT',
      t('The folder {0} is named like a split, but counts as a class, as the folders next to it do.', folder),
      t('If it is a split, move the other classes into a folder named train.'),
      { file: folder },
    ),
  splitUnlabelled: (folder: string, images: number) =>
    new UserError(
      'SPLIT_UNLABELLED',
      t('The {0} images in {1} are not sorted into classes; this split is left out.', images, folder),
      t('Sort them into one folder for each class, or ignore this: such images can be classified after training.'),
      { file: folder },
    ),
  folderNextToSplits: (folder: string) =>
    new UserError(
      'FOLDER_BESIDE_SPLITS',
      t('{0} is not a split and is left out.', folder),
      t('Move it into the train folder if it is a class.'),
      {
        file: folder,
      },
    ),
  splitEmpty: (folder: string) =>
    new UserError(
      'SPLIT_EMPTY',
      t('The folder {0} holds no image; validation images are taken from the training images instead.', folder),
      t('Add images to it, or remove it.'),
      { file: folder },
    ),
  groupsUnneeded: (folder: string, place: Place) =>
    new UserError(
      'SPLIT_GROUPS_UNNEEDED',
      t('The dataset {0} has its own validation images, so "split.groupBy" would change nothing.', folder),
      t('Remove "split" from the config, or the validation folder or column from the dataset.'),
      place,
    ),
  groupsNotInspected: (place: Place) =>
    new UserError(
      'SPLIT_GROUPS_NOT_INSPECTED',
      t('The counts of the splits are those without "split.groupBy": a run keeps each group on one side.'),
      t('"vitune audit" with this config groups the images as a run does.'),
      place,
    ),
  groupsMissing: (by: string, reason: string, place: Place) =>
    new UserError(
      'SPLIT_GROUPS_MISSING',
      t('The images cannot be grouped by {0}: {1}', by, reason),
      t('Choose another "split.groupBy", such as "duplicates".'),
      place,
    ),
  groupsTooLarge: (folder: string, place: Place) =>
    new UserError(
      'SPLIT_GROUPS_TOO_LARGE',
      t('No image of {0} is left to validate on: the images of each class are all in one group.', folder),
      t('Choose another "split.groupBy" with smaller groups, or add images of other groups.'),
      place,
    ),
  classNotValidated: (folder: string, labels: readonly string[]) =>
    new UserError(
      'CLASS_NOT_VALIDATED',
      t('All images of {0} are in one group, so none of them is validated on.', some(labels)),
      t('Add images of other groups, or choose another "split.groupBy".'),
      { file: folder },
    ),
  tasksNotAudited: (file: string, tasks: readonly string[], audited: string | undefined) =>
    new UserError(
      'TASKS_NOT_AUDITED',
      audited === undefined
        ? t('No label is audited, since each image may have several: {0}. The images themselves are.', some(tasks))
        : t('The labels of {0} are audited, those of {1} are not.', audited, some(tasks)),
      audited === undefined
        ? t('Name a column with one label for each image in "columns" of a config, and audit the config.')
        : t('To audit another task, name it first in "columns" of a config, and audit the config.'),
      { file },
    ),
  mapTooSmall: (file: string, images: number, fewest: number) =>
    new UserError(
      'MAP_TOO_SMALL',
      t('{0} has too few readable images for a map: {1}.', file, images),
      t('Add images until there are at least {0}.', fewest),
      { file },
    ),
  adviceNeedsOneLabel: (file: string, tasks: readonly { name: string; multiLabel: boolean }[]) =>
    new UserError(
      'ADVICE_NEEDS_ONE_LABEL',
      tasks.length > 1
        ? t(
            'Advice is for one label of an image, and this dataset has several tasks: {0}.',
            some(tasks.map(({ name }) => name)),
          )
        : t('Advice is for one label of an image, and the images of this dataset may have several.'),
      t('Name one column with one label for each image in "columns" of a config, and ask for advice on the config.'),
      { file },
    ),
  adviceNeedsBase: (model: string) =>
    new UserError(
      'ADVICE_NEEDS_BASE',
      t('{0} was fine-tuned: what it says of the images that it was trained on is not what it says of others.', model),
      t('Name the model that it was started from, or another pretrained one.'),
      { file: model },
    ),
  adviceTooFew: (file: string, images: number) =>
    new UserError(
      'ADVICE_TOO_FEW_IMAGES',
      t('{0} images that can be read are too few to measure anything.', images),
      t('Add images: ten or more in all, and two or more in at least two classes.'),
      { file },
    ),
  imageTiny: (file: string, width: number, height: number) =>
    new UserError(
      'IMAGE_TINY',
      t('The image has only {0} x {1} pixels.', width, height),
      t('Replace it by a larger one, if there is one.'),
      { file },
    ),
  imageConstant: (file: string) =>
    new UserError('IMAGE_CONSTANT', t('The image has one colour everywhere.'), t('Replace it or remove it.'), { file }),
  imageNearlyBlack: (file: string) =>
    new UserError(
      'IMAGE_NEARLY_BLACK',
      t('The image is almost black: a model sees next to nothing in it.'),
      t('Save it with its values spread from black to white, or remove it.'),
      { file },
    ),
  imageNearlyWhite: (file: string) =>
    new UserError(
      'IMAGE_NEARLY_WHITE',
      t('The image is almost white: a model sees next to nothing in it.'),
      t('Save it with its values spread from black to white, or remove it.'),
      { file },
    ),
  imageEndingWrong: (file: string, named: string, format: string) =>
    new UserError(
      'IMAGE_ENDING_WRONG',
      t('The name says {0}, but the content is {1}. The image is read all the same.', named, format),
      t('Rename the file if other programs refuse it.'),
      { file },
    ),
  noDatasetOfRun: (checkpoint: string) =>
    new UserError(
      'RUN_DATASET_UNKNOWN',
      t('The dataset that this checkpoint was trained on is not known, or it is gone.'),
      t('Evaluate the checkpoint on a dataset that you choose.'),
      { file: checkpoint },
    ),
  splitUnknown: (root: string, split: string) =>
    new UserError(
      'SPLIT_UNKNOWN',
      t('It is not known which of the images here were the {0} images of the run.', split),
      t('If the dataset has changed since the run, train again. Or evaluate the checkpoint on a dataset.'),
      { file: root },
    ),
  duplicateAcrossClasses: (file: string, other: string, label: string, otherLabel: string) =>
    new UserError(
      'DUPLICATE_ACROSS_CLASSES',
      t('The same image is in the class {0} and, as {1}, in the class {2}.', label, other, otherLabel),
      t('Keep it in the class that is right.'),
      { file, twin: other },
    ),
  duplicateAcrossSplits: (file: string, other: string, split: string, otherSplit: string) =>
    new UserError(
      'DUPLICATE_ACROSS_SPLITS',
      t(
        'The same image is in {0} and, as {1}, in {2}: the accuracy will look better than it is.',
        split,
        other,
        otherSplit,
      ),
      t('Keep one of them.'),
      { file, twin: other },
    ),
  duplicatesAcrossClasses: (count: number, file: string, other: string, label: string, otherLabel: string) =>
    new UserError(
      'DUPLICATES_ACROSS_CLASSES',
      t('{0} images of the class {1} are also in the class {2}; the first is {3}.', count, label, otherLabel, other),
      t('Keep each in the class that is right.'),
      { file, twin: other },
    ),
  duplicatesAcrossSplits: (count: number, file: string, other: string, split: string, otherSplit: string) =>
    new UserError(
      'DUPLICATES_ACROSS_SPLITS',
      t(
        '{0} images of {1} are also in {2}, the first as {3}: the accuracy will look better than it is.',
        count,
        split,
        otherSplit,
        other,
      ),
      t('Keep each in one split.'),
      { file, twin: other },
    ),
  classesImbalanced: (folder: string, largest: string, most: number, smallest: string, least: number) =>
    new UserError(
      'CLASSES_IMBALANCED',
      t(
        'The classes differ strongly in size: {0} has {1} training images, {2} has {3}.',
        largest,
        most,
        smallest,
        least,
      ),
      t(
        'Add images of {0}, or remove some of {1}; look at the accuracy of each class, not only at the whole.',
        smallest,
        largest,
      ),
      { file: folder },
    ),
  classesDifferInCase: (folder: string, label: string, other: string) =>
    new UserError(
      'CLASSES_DIFFER_IN_CASE',
      t('The classes {0} and {1} differ only in upper and lower case.', label, other),
      t('If they are the same class, move the images into one folder.'),
      { file: folder },
    ),
};
