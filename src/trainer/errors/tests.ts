/** Errors of tests of a model: what a test file names and is not there. */
import { t } from './l10n.js';
import { type Place, UserError } from './userError.js';

export const tests = {
  fileMissing: (file: string) =>
    new UserError(
      'TESTS_FILE_MISSING',
      t('There is no such test file.'),
      t('Check the path; tests are in a file whose name ends in .vitune-test.json, or in a config.'),
      { file },
    ),
  none: (place: Place) =>
    new UserError(
      'TESTS_NONE',
      t('The file has no tests.'),
      t('Write some under the key "tests", e.g. "tests": { "accuracy": 0.9 }.'),
      place,
    ),
  pathMissing: (place: Place, path: string) =>
    new UserError(
      'TESTS_PATH_MISSING',
      t('There is no file or folder {0}.', path),
      t('Correct the path; it is relative to this file.'),
      place,
    ),
  classUnknown: (place: Place, label: string, nearest: string | undefined, known: readonly string[]) =>
    new UserError(
      'TESTS_CLASS_UNKNOWN',
      t('The model has no class {0}.', label),
      nearest === undefined ? t('Its classes are: {0}.', known.join(', ')) : t('Did you mean "{0}"?', nearest),
      place,
    ),
  nothingIsUnknown: (place: Place, checkpoint: string) =>
    new UserError(
      'TESTS_NOTHING_UNKNOWN',
      t('The model answers no image as unknown, since it has no calibration for that.'),
      t('Compute it: vitune calibrate {0}. An export has none; test its checkpoint.', checkpoint),
      place,
    ),
  labelsDiffer: (place: Place, model: readonly string[], exported: readonly string[]) =>
    new UserError(
      'LABELS_DIFFER',
      t('The export does not have the labels of the model: {0} instead of {1}.', exported.join(', '), model.join(', ')),
      t('Export the model again: vitune export'),
      place,
    ),
  onlyTrainingImages: (place: Place, cause: UserError) =>
    new UserError(
      cause.code,
      cause.said.message,
      t('Name a "dataset" with other images, or set "images" to "all" to count these.'),
      place,
    ),
  notWritten: (file: string, reason: string) =>
    new UserError(
      'RESULTS_NOT_WRITTEN',
      t('The results cannot be written to {0}: {1}', file, reason),
      t('Name another file in a folder that exists.'),
      { file },
    ),
  nothingRead: (place: Place) =>
    new UserError(
      'TESTS_NOTHING_READ',
      t('None of the images can be read.'),
      t('Replace them, or name another dataset.'),
      place,
    ),
};
