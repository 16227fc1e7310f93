/** Errors and notices of calibrations: missing, damaged, or of another model. */
import { t } from './l10n.js';
import { UserError } from './userError.js';

const again = (folder: string) => t('Compute it again: vitune calibrate {0}', folder);

export const calibration = {
  missing: (folder: string) =>
    new UserError(
      'NOT_CALIBRATED',
      t('This checkpoint has no calibration: its probabilities are as the model gives them, and no image is unknown.'),
      t('Compute it: vitune calibrate {0}', folder),
      { file: folder },
    ),
  damaged: (file: string, folder: string, reason: string) =>
    new UserError(
      'CALIBRATION_DAMAGED',
      t('The calibration of the checkpoint is not used, since a file of it is damaged: {0}', reason),
      again(folder),
      { file },
    ),
  ofAnother: (file: string, folder: string) =>
    new UserError(
      'CALIBRATION_OF_ANOTHER_MODEL',
      t('The calibration in this folder is not used: it was computed with other weights than the checkpoint has.'),
      again(folder),
      { file },
    ),
  foreign: (folder: string) =>
    new UserError(
      'CALIBRATION_FOREIGN',
      t('{0} is not a checkpoint of ViTune, so no calibration can be kept in it.', folder),
      t('Give the folder of a run, or a folder in its checkpoints/.'),
      { file: folder },
    ),
  noDataset: (folder: string) =>
    new UserError(
      'CALIBRATION_NO_DATASET',
      t('The images that the run of this checkpoint was trained on are not known or not there.'),
      t('Name them: vitune calibrate {0} --dataset FOLDER', folder),
      { file: folder },
    ),
  noImages: (dataset: string) =>
    new UserError(
      'CALIBRATION_NO_IMAGES',
      t('{0} has no validation image to calibrate on.', dataset),
      t('Add a validation folder, or a validationSplit above 0 to the config of the run.'),
      { file: dataset },
    ),
  labelsDiffer: (first: string, second: string, onlyFirst: string, onlySecond: string) =>
    new UserError(
      'LABELS_DIFFER',
      t(
        'The two models do not have the same labels. Only {0}: {1}. Only {2}: {3}.',
        first,
        onlyFirst,
        second,
        onlySecond,
      ),
      t('Compare models that were trained on the same labels.'),
      { file: second },
    ),
  severalLabels: (folder: string, task: string) =>
    new UserError(
      'DIFF_MULTI_LABEL',
      t('In the task {0} an image may have several labels, so there is no one answer that could change.', task),
      t('Compare such models by their figures: vitune evaluate --against'),
      { file: folder },
    ),
  nothingInCommon: (dataset: string) =>
    new UserError(
      'COMPARED_WITHOUT_IMAGES',
      t(
        'Of the images in {0} there is none that both models can be asked about without having been trained on it.',
        dataset,
      ),
      t('Name a dataset that neither was trained on, or add --all.'),
      { file: dataset },
    ),
};
