/** Errors of the command line. */
import { asIs, t } from './l10n.js';
import { shortList } from './models.js';
import { UserError } from './userError.js';

export const commandLine = {
  comparisonTaken: (folder: string) =>
    new UserError(
      'COMPARISON_TAKEN',
      t('{0} holds another comparison, of another dataset or with other settings.', folder),
      t('Name another folder with --output, or remove this one.'),
      { file: folder },
    ),
  pathMissing: (path: string) =>
    new UserError('PATH_MISSING', t('There is no file or folder {0}.', path), t('Check the path.'), { file: path }),
  nothingToClassify: (path: string) =>
    new UserError(
      'NOTHING_TO_CLASSIFY',
      t('There is no image in {0}.', path),
      t('Give image files, or a folder that holds some.'),
      { file: path },
    ),
  classUnknown: (label: string, labels: readonly string[]) =>
    new UserError(
      'CLASS_UNKNOWN',
      t('The model has no class {0}.', label),
      t('Name one of its classes: {0}', shortList(labels)),
    ),
  usage: (message: string, usage: string) => new UserError('USAGE', asIs(message), t('Usage: {0}', usage)),
};
