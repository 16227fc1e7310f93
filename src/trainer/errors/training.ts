/** Errors and notices of training, of its process and its device. */
import { t } from './l10n.js';
import { type Place, UserError } from './userError.js';

export const training = {
  datasetChanged: (folder: string) =>
    new UserError(
      'DATASET_CHANGED',
      t(
        'The images of the dataset differ from those at the start of the run, so it cannot continue from its checkpoint.',
      ),
      t('Put the images back, or start a new run.'),
      { file: folder },
    ),
  methodChanged: (checkpoint: string) =>
    new UserError(
      'METHOD_CHANGED',
      t(
        'The run was started with another method, or with other options of it, so it cannot continue from its checkpoint.',
      ),
      t('Set "method" as it was, or start a new run.'),
      { file: checkpoint },
    ),
  batchBeyondImages: (batch: number, images: number, smaller: number, place: Place) =>
    new UserError(
      'BATCH_BEYOND_IMAGES',
      t('A batch of {0} takes all {1} training images at once, so that an epoch is a single step.', batch, images),
      t('Set “batchSize” to {0} or less: more steps learn more from few images.', smaller),
      place,
    ),
  validationEmpty: (folder: string) =>
    new UserError(
      'VALIDATION_EMPTY',
      t('There is no image to validate on: no class in {0} has two readable images.', folder),
      t('Add images, ten or more for each class, or a folder named validation.'),
      { file: folder },
    ),
  lossNotFinite: (step: number, learningRate: number) =>
    new UserError(
      'LOSS_NOT_FINITE',
      t(
        'The loss became NaN or infinite after step {0}: training diverged at a learning rate of {1}.',
        step,
        learningRate,
      ),
      t('Lower learningRate, e.g. to a tenth, and start again. The checkpoints saved so far are kept.'),
    ),

  featuresNotFinite: () =>
    new UserError(
      'FEATURES_NOT_FINITE',
      t('The features of the training images are not all finite numbers, so no head can be solved for.'),
      t('Set "frozenPrecision" to "fp32", or choose another model.'),
    ),

  weightBeyondHalf: (name: string, length: number) =>
    new UserError(
      'WEIGHTS_BEYOND_F16',
      t(
        'The weight {0} is too large for products in fp16 (its norm is {1}; the maximum is 1023).',
        name,
        Math.round(length),
      ),
      t('Set "frozenPrecision" to "fp32".'),
    ),

  trainerDied: (code: string, reason: string) =>
    new UserError(
      'TRAINER_DIED',
      t('The training process ended without an error message ({0}). {1}', code, reason),
      t('Free some memory, or set a smaller batchSize.'),
    ),

  /**
   * `difference` is relative; undefined where the check gave no result. Without a place nobody named the device, and
   * the CPU takes over.
   */
  deviceDistrusted: (device: string, difference: number | undefined, place?: Place) =>
    new UserError(
      difference === undefined ? 'DEVICE_UNCHECKED' : 'DEVICE_WRONG',
      difference === undefined
        ? t('The check of the device {0} gave no result: its driver crashed, hangs, or lacks memory.', device)
        : t(
            'The device {0} computes wrongly: a step of this training differs from that on the CPU by {1} % or more.',
            device,
            // Whatever is larger is as wrong.
            Math.floor(100 * Math.min(difference, 10)),
          ),
      place
        ? t('Update the driver of the graphics card, or choose the device "cpu".')
        : t('This training runs on the CPU. A newer driver of the graphics card may help.'),
      place,
    ),

  deviceUnusable: (device: string, reason: string, place: Place) =>
    new UserError(
      'DEVICE_UNUSABLE',
      t('The device {0} cannot be used: {1}', device, reason),
      t('Choose the device "auto" or "cpu", or run `vitune doctor` to see what this machine has.'),
      place,
    ),
};
