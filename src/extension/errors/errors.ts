/** What the extension itself has to say when something is wrong: code, plain words, remedy. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { ShownError } from './shownError.js';

const { t } = vscode.l10n;
const shown = (code: string, message: string, remedy: string, file?: string) =>
  new ShownError({ code, message, remedy, ...(file ? { file } : {}) });

export const errors = {
  trainerDied: (ending: string) =>
    shown(
      'TRAINER_DIED',
      t('The trainer ended without an error message ({0}).', ending),
      t('The log has its last output. If memory ran out, try a smaller batch.'),
    ),
  runInterrupted: (name: string) =>
    shown(
      'RUN_INTERRUPTED',
      t('The training “{0}” was interrupted: its process no longer runs.', name),
      t('Resume it from its last checkpoint.'),
    ),
  runKilled: (name: string) =>
    shown(
      'RUN_KILLED',
      t(
        'The training “{0}” was interrupted: its process was killed, as the operating system does when memory runs out.',
        name,
      ),
      t(
        'If memory ran out, halve “batchSize” in the config file and double “gradientAccumulationSteps”: the run learns the same with less memory. Then resume from the last checkpoint.',
      ),
    ),
  restricted: () =>
    shown(
      'RESTRICTED_MODE',
      t('ViTune starts no process in Restricted Mode.'),
      t('Trust this workspace to train, classify and inspect; runs and images can be looked at without.'),
    ),
  settingNotWritten: (key: string, reason: string) =>
    shown(
      'SETTING_NOT_WRITTEN',
      t('The setting {0} of this workspace could not be written: {1}', `vitune.${key}`, reason),
      t('Correct or save the settings file of the workspace, then try again.'),
    ),
  alreadyRunning: (name: string) =>
    shown('RUN_BUSY', t('“{0}” is being trained already.', name), t('Wait until it ends, or stop it first.')),
  runFinished: (name: string) =>
    shown(
      'RUN_FINISHED',
      t('“{0}” is finished; there is nothing to resume.', name),
      t('Start another run from its config file.'),
    ),
  imageEndsProcess: (file: string) =>
    shown(
      'IMAGE_ENDS_PROCESS',
      t('This image crashed the classification process twice.'),
      t('Replace it, or save it again in another program.'),
      file,
    ),
  noCheckpoint: () =>
    shown(
      'CHECKPOINT_NONE',
      t('There is no checkpoint to classify with.'),
      t('Train on a dataset first, or choose a checkpoint under Runs and Checkpoints.'),
    ),
  checkpointGone: (folder: string) =>
    shown(
      'CHECKPOINT_GONE',
      t('The active checkpoint is not there any more.'),
      t('Choose another one under Runs and Checkpoints.'),
      folder,
    ),
  placeGone: (path: string) =>
    shown('PLACE_GONE', t('{0} is not there any more.', path), t('It was moved, renamed or deleted.')),
  folderGone: (folder: string) =>
    shown(
      'DATASET_GONE',
      t('This folder is not there any more.'),
      t('Remove it from the list, or put it back where it was.'),
      folder,
    ),
  moveGone: (file: string) =>
    shown(
      'CHANGE_IMAGE_GONE',
      t('{0} is not there any more.', basename(file)),
      t('It was moved, renamed or deleted elsewhere.'),
      file,
    ),
  moveTaken: (file: string, place: string) =>
    shown(
      'CHANGE_PLACE_TAKEN',
      t('{0} stays where it is: there is another file in its place, {1}.', basename(file), place),
      t('Move or rename that file, then try again.'),
      place,
    ),
  notMoved: (file: string, reason: string) =>
    shown(
      'CHANGE_NOT_MOVED',
      t('{0} could not be moved: {1}', basename(file), reason),
      t('Check that you may write to both folders, and that the disk has space.'),
      file,
    ),
  notTrashed: (file: string, reason: string) =>
    shown(
      'CHANGE_NOT_TRASHED',
      t('{0} could not be moved to the trash: {1}', basename(file), reason),
      t('Check that you may write to its folder.'),
      file,
    ),
  unsavedText: (file: string) =>
    shown(
      'CHANGE_UNSAVED',
      t('{0} has unsaved changes in an editor.', basename(file)),
      t('Save or revert them, then try again; nothing was changed.'),
      file,
    ),
  sameRun: (name: string) =>
    shown('SAME_RUN', t('“{0}” cannot be compared with itself.', name), t('Choose another run.')),
  otherDataset: () =>
    shown(
      'OTHER_DATASET',
      t('The runs were trained on different datasets.'),
      t('What changed in the data is said of runs on one dataset.'),
    ),
  noImages: () =>
    shown('NO_PICTURES', t('There are no images here.'), t('Choose image files, or a folder that has some.')),
  imageNotShown: (file: string) =>
    shown(
      'IMAGE_NOT_SHOWN',
      t('The editor cannot draw this kind of image, or the file is damaged.'),
      t('Its predictions, if any, are still valid.'),
      file,
    ),
};
