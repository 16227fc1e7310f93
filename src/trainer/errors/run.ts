/** Errors of run folders. */
import { t } from './l10n.js';
import { UserError } from './userError.js';

export const run = {
  exists: (folder: string) =>
    new UserError(
      'RUN_EXISTS',
      t('{0} already holds a run.', folder),
      t('Continue it with --resume, or set "output" to another folder.'),
      { file: folder },
    ),
  folderInUse: (folder: string) =>
    new UserError(
      'OUTPUT_NOT_EMPTY',
      t('The output folder {0} holds other files.', folder),
      t('Set "output" to a folder that is new or empty.'),
      {
        file: folder,
      },
    ),
  nothingToResume: (config: string, folder: string) =>
    new UserError(
      'NOTHING_TO_RESUME',
      t('There is no unfinished run of this config in {0}.', folder),
      t('Start a new run, without --resume.'),
      {
        file: config,
      },
    ),
  none: (config: string) =>
    new UserError('RUN_NONE', t('There is no run of this config yet.'), t('Train it first: vitune train {0}', config), {
      file: config,
    }),
  finished: (folder: string) =>
    new UserError(
      'RUN_FINISHED',
      t('The run {0} is finished, so there is nothing to resume.', folder),
      t('Start a new run, without --resume.'),
      {
        file: folder,
      },
    ),
  folderGone: (folder: string) =>
    new UserError(
      'RUN_FOLDER_GONE',
      t('The folder {0} of the run was removed or renamed while the run was at work.', folder),
      t('Start a new run, and leave its folder where it is until it ends.'),
      { file: folder },
    ),
  locked: (folder: string, pid: number) =>
    new UserError(
      'RUN_LOCKED',
      t('The run {0} is being trained right now, by process {1}.', folder, pid),
      t('Wait until it ends, or stop it first.'),
      {
        file: folder,
      },
    ),
  lockedElsewhere: (folder: string, pid: number, host: string, lock: string) =>
    new UserError(
      'RUN_LOCKED',
      t(
        'The run {0} is being trained on another machine, {2}, by process {1}, or was when that machine was switched off.',
        folder,
        pid,
        host,
      ),
      t(
        'Wait until it ends, or stop it there. If nothing trains it any more, or the name of this machine has changed since, remove {0}.',
        lock,
      ),
      { file: folder },
    ),
  noSocket: (address: string, reason: string) =>
    new UserError(
      'NO_SOCKET',
      t('The address {0}, through which windows reach the training, cannot be opened: {1}', address, reason),
      t('Allow writing to the folder for temporary files and free some space there, or name another one in TMPDIR.'),
      { file: address },
    ),
  noVersion: (folder: string) =>
    new UserError(
      'RUN_VERSION_MISSING',
      t('The run {0} did not keep which images it was trained and validated on.', folder),
      t('Train with its config instead. Runs keep it from now on.'),
      { file: folder },
    ),
  validationGone: (folder: string) =>
    new UserError(
      'RUN_VALIDATION_GONE',
      t('None of the validation images of the run {0} is in the dataset any more.', folder),
      t('Train with its config instead, which draws new ones.'),
      { file: folder },
    ),
  notRun: (folder: string) =>
    new UserError(
      'NOT_A_RUN',
      t('{0} is not the folder of a run.', folder),
      t('Name a folder that vitune train made, such as runs/flowers.'),
      { file: folder },
    ),
  classesChanged: (folder: string) =>
    new UserError(
      'RUN_CLASSES_CHANGED',
      t('The classes are no longer those of the run {0}, so its weights do not fit.', folder),
      t('Train again from scratch.'),
      { file: folder },
    ),
  takesNoSteps: (method: string) =>
    new UserError(
      'RUN_TAKES_NO_STEPS',
      t('The method {0} is solved at once, so there is no checkpoint to go on from.', method),
      t('Train again from scratch: the result is the same.'),
    ),
  damaged: (file: string, reason: string) =>
    new UserError(
      'RUN_DAMAGED',
      t('This file of the run is damaged: {0}', reason),
      t('Start a new run; the checkpoints of this one can still be used.'),
      {
        file,
      },
    ),
};
