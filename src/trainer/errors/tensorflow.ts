/** Errors of the optional package that the device “tensorflow” needs. */
import { t } from './l10n.js';
import { UserError } from './userError.js';

const name = '@tensorflow/tfjs-node-gpu';

export const tensorflow = {
  /** `named` is the folder in which alone it was looked for. */
  missing: (version: string, named?: string) =>
    new UserError(
      'TENSORFLOW_MISSING',
      named
        ? t('{0} is not installed in {1}. It is optional.', name, named)
        : t('{0} is not installed. It is optional.', name),
      t(
        'Run “npm install {0}” in the folder of the workspace, or name the folder that has it in the setting “vitune.tensorflowFolder” or in VITUNE_TENSORFLOW. Other engines need nothing of it.',
        `${name}@${version}`,
      ),
    ),
  otherVersion: ({ folder, version }: { folder: string; version: string }, wanted: string) =>
    new UserError(
      'TENSORFLOW_VERSION',
      t('Version {0} of {1} is installed, and ViTune works with {2} only.', version, name, wanted),
      t('Run “npm install {0}” in the folder that contains {1}.', `${name}@${wanted}`, folder),
    ),
  /** `said` is what the loader said. */
  broken: (folder: string, said: string) =>
    new UserError(
      'TENSORFLOW_BROKEN',
      t('{0} is installed in {1} but does not load: {2}.', name, folder, said.replace(/\.$/, '')),
      t(
        'Its installation was probably interrupted, or made for another Node.js. Run “npm rebuild {0} --build-addon-from-source” there.',
        name,
      ),
    ),
};
