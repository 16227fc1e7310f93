/** Errors of ONNX Runtime's part for CUDA: why it cannot be used or installed here. */
import { t } from './l10n.js';
import { UserError } from './userError.js';

const another = () => t('Choose the device “webgpu” or “cpu”.');

export const cuda = {
  platform: (platform: string) =>
    new UserError(
      'CUDA_PLATFORM',
      t('ONNX Runtime has no part for CUDA on {0}: only on linux-x64.', platform),
      another(),
    ),
  libc: (found: string, needed: string) =>
    new UserError(
      'CUDA_LIBC',
      t("ONNX Runtime's part for CUDA needs glibc {0} or later; this system has {1}.", needed, found),
      t('Use a newer system, or choose the device “webgpu” or “cpu”.'),
    ),
  noDriver: (needed: string) =>
    new UserError(
      'CUDA_NO_DRIVER',
      t('No NVIDIA graphics card with a driver was found.'),
      t('If there is one, install the NVIDIA driver {0} or later and restart. Else choose “webgpu” or “cpu”.', needed),
    ),
  driverBroken: (said: string) =>
    new UserError(
      'CUDA_DRIVER_BROKEN',
      t('The NVIDIA driver does not work: {0}', said),
      t('Restart the machine; if that does not help, install the driver again.'),
    ),
  driverOld: (card: string, found: string, needed: string) =>
    new UserError(
      'CUDA_DRIVER_OLD',
      t('The driver of {0} is version {1}, and CUDA needs {2} or later.', card, found, needed),
      t('Update the NVIDIA driver, or choose the device “webgpu” or “cpu”.'),
    ),
  cardOld: (card: string, found: string, needed: string) =>
    new UserError(
      'CUDA_CARD_OLD',
      t('{0} has compute capability {1}, and CUDA needs {2} or more.', card, found, needed),
      another(),
    ),
  cardSmall: (card: string, mebibytes: number, needed: number) =>
    new UserError(
      'CUDA_CARD_SMALL',
      t('{0} has {1} MiB of memory, and a training needs at least {2} MiB.', card, mebibytes, needed),
      another(),
    ),
  librariesMissing: (names: readonly string[]) =>
    new UserError(
      'CUDA_LIBRARIES_MISSING',
      t('Libraries of CUDA 13 or cuDNN 9 are missing: {0}.', names.join(', ')),
      t('Install the CUDA toolkit 13 and cuDNN 9, or name the folders that have them in LD_LIBRARY_PATH.'),
    ),
  notInstalled: (megabytes: number) =>
    new UserError(
      'CUDA_NOT_INSTALLED',
      t("ONNX Runtime's part for CUDA is not installed."),
      t('Run “Install CUDA Support…” in the editor, or “vitune cuda install”: a download of {0} MB.', megabytes),
    ),
  unconfirmed: (megabytes: number, kept: number) =>
    new UserError(
      'CUDA_UNCONFIRMED',
      t('This downloads {0} MB, and takes {1} MB once unpacked.', megabytes, kept),
      t('Say so with --yes.'),
    ),
  noIndex: () =>
    new UserError(
      'CUDA_NO_INDEX',
      t('It is not known where to download from.'),
      t(
        'Name a Python package index in the setting “vitune.packageIndex”, in PIP_INDEX_URL or with --index, or download the file yourself and name it with --file.',
      ),
    ),
  indexInvalid: () =>
    new UserError(
      'CUDA_INDEX_INVALID',
      t('The address of the package index is not valid.'),
      t('Write an address that begins with https:// and has no name and password in it.'),
    ),
  /** A download that failed on its way. */
  download: ({ code, said }: UserError) =>
    new UserError(
      code,
      said.message,
      t('Check the network, its proxy (HTTPS_PROXY) and the address of the package index, then try again.'),
    ),
  refused: (host: string, file: string, status: number) =>
    new UserError(
      'CUDA_REFUSED',
      t('{0} refused the request for {1} ({2}).', host, file, status),
      t('Name another package index, or download the file yourself and name it with --file.'),
    ),
  notListed: (host: string, file: string) =>
    new UserError(
      'CUDA_NOT_LISTED',
      t('{0} does not offer {1}.', host, file),
      t('Name another package index, or download the file yourself and name it with --file.'),
    ),
  fileWrong: (path: string, file: string) =>
    new UserError(
      'CUDA_FILE_WRONG',
      t('{0} is not the file {1}: its size or SHA-256 differs. Nothing was installed.', path, file),
      t('Download it again.'),
    ),
  fileMissing: (path: string, reason: string) =>
    new UserError('CUDA_FILE_MISSING', t('{0} cannot be read: {1}', path, reason), t('Correct the name of the file.')),
  unwritable: (folder: string, reason: string) =>
    new UserError(
      'CUDA_UNWRITABLE',
      t('The folder {0} cannot be written: {1}. Nothing was installed.', folder, reason),
      t('Free some space or allow writing to it, or name another folder in VITUNE_CACHE.'),
      { file: folder },
    ),
};
