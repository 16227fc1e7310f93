/** Errors of checkpoints: finding, reading and saving them. */
import { t } from './l10n.js';
import { UserError } from './userError.js';

export const checkpoints = {
  /** `download` is the model's name on the hub, if it comes from there. */
  baseMissing: (model: string, download: string | undefined, file: string) =>
    new UserError(
      'BASE_MISSING',
      t('The checkpoint was trained on the model {0}, which is not there.', model),
      download === undefined
        ? t('Put the model back, or choose another checkpoint.')
        : t('Download it (vitune download {0}), or choose another checkpoint.', download),
      { file },
    ),
  baseChanged: (model: string, file: string) =>
    new UserError(
      'BASE_CHANGED',
      t('The model {0} is not the one this checkpoint was trained on: its weights differ.', model),
      t('Put the original model back, or train again.'),
      { file },
    ),
  checkpointDamaged: (file: string, reason: string) =>
    new UserError(
      'CHECKPOINT_DAMAGED',
      t('This file of the checkpoint cannot be used: {0}', reason),
      t('Choose another checkpoint of the run.'),
      { file },
    ),
  onlyTrainingImages: (dataset: string, images: number) =>
    new UserError(
      'EVALUATION_ONLY_TRAINING',
      t(
        'The run was trained on all {0} images of this dataset, so no figure on them says how good the model is.',
        images,
      ),
      t('Evaluate on other images, or add --all to evaluate on these.'),
      { file: dataset },
    ),
  notSaved: {
    diskFull: (target: string) =>
      new UserError(
        'NOT_SAVED_DISK_FULL',
        t('{0} was not saved: the disk is full. What was saved before is intact.', target),
        t('Free some space, then resume the run.'),
        {
          file: target,
        },
      ),
    notWritable: (target: string) =>
      new UserError(
        'NOT_SAVED_READ_ONLY',
        t('{0} was not saved: the folder does not allow writing. What was saved before is intact.', target),
        t('Allow writing to the folder, or set "output" to another folder.'),
        { file: target },
      ),
    nameUnfit: (target: string, part: string) =>
      new UserError(
        'NOT_SAVED_NAME',
        t('Windows does not allow the name "{0}".', part),
        t(
          'Choose a name that is not a device (con, aux, nul, com1 …), does not end with a dot or a space, and has none of < > : " | ? *.',
        ),
        { file: target },
      ),
    inTheWay: (target: string, name: string) =>
      new UserError(
        'NOT_SAVED_IN_THE_WAY',
        t('{0} was not written: it holds {1}, which ViTune did not write and does not replace.', target, name),
        t('Move {0} elsewhere, or choose another folder.', name),
        { file: target },
      ),
    other: (target: string, reason: string) =>
      new UserError(
        'NOT_SAVED',
        t('{0} was not saved: {1}. What was saved before is intact.', target, reason),
        t('Check the disk and the folder, or set "output" to another folder.'),
        { file: target },
      ),
  },
  checkpointMissing: (path: string) =>
    new UserError(
      'CHECKPOINT_MISSING',
      t('{0} does not exist.', path),
      t('Give the folder of a run, or a folder in its checkpoints/.'),
      { file: path },
    ),
  notCheckpoint: (path: string) =>
    new UserError(
      'NOT_A_CHECKPOINT',
      t('{0} is neither a run nor a checkpoint.', path),
      t('Give the folder of a run, or a folder in its checkpoints/.'),
      {
        file: path,
      },
    ),
  noCheckpointYet: (run: string) =>
    new UserError(
      'NO_CHECKPOINT_YET',
      t('The run {0} has no checkpoint yet.', run),
      t('Let it train until its first checkpoint.'),
      { file: run },
    ),
};
