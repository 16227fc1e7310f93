/** Errors of the hub, its cache and its downloads. */
import { t } from './l10n.js';
import { type Place, UserError } from './userError.js';

export const hub = {
  /** A notice, before anything is sent. */
  modelRequested: (name: string, address: string) =>
    new UserError(
      'MODEL_REQUESTED_FROM_HUB',
      t('There is no folder {0} next to the config, so {0} is requested as a model from {1}.', name, address),
      t('If you meant a folder, correct "model" in the config: a path to a folder that exists.'),
    ),
  licenceMissing: (name: string) =>
    new UserError(
      'HUB_LICENCE_MISSING',
      t('The page of {0} states no licence, so nothing says what you may do with it.', name),
      t('Ask its author, or choose a model with a licence, for example one of the Recommended Models.'),
    ),
  nameInvalid: (name: string, place: Place) =>
    new UserError(
      'HUB_NAME_INVALID',
      t('{0} is not a valid name on the hub.', name),
      t(
        'Write owner/name, or owner/name@revision with a branch, a tag or a commit; for one ONNX file of a model add :path/of/file.onnx.',
      ),
      place,
    ),
  revisionTwice: (name: string, place: Place) =>
    new UserError(
      'HUB_REVISION_TWICE',
      t('{0} names a revision, and so does "revision".', name),
      t('Keep one of the two.'),
      place,
    ),
  repositoryMissing: (id: string, kind: 'model' | 'dataset', place: Place) =>
    new UserError(
      'HUB_REPOSITORY_MISSING',
      kind === 'model'
        ? t('There is no model {0} on the hub that you may see.', id)
        : t('There is no dataset {0} on the hub that you may see.', id),
      t(
        'Check the spelling; a folder begins with ./ . If it is private, set a token that may read it: in HF_TOKEN, or in the editor by "ViTune: Set Hugging Face Token…".',
      ),
      place,
    ),
  revisionMissing: (id: string, revision: string, place: Place) =>
    new UserError(
      'HUB_REVISION_MISSING',
      t('{0} has no revision {1}.', id, revision),
      t('Give a branch, a tag or a whole commit of it.'),
      place,
    ),
  fileMissing: (name: string, file: string, place: Place) =>
    new UserError(
      'HUB_FILE_MISSING',
      t('{0} has no file {1}.', name, file),
      t('Choose another revision, or another repository.'),
      place,
    ),
  notModel: (name: string, place: Place) =>
    new UserError(
      'HUB_NOT_A_MODEL',
      t(
        '{0} has neither config.json with model.safetensors nor an ONNX file, so ViTune cannot read it as a model.',
        name,
      ),
      t('Choose a repository that has them.'),
      place,
    ),
  pickleOnly: (name: string, file: string, place: Place) =>
    new UserError(
      'HUB_PICKLE_ONLY',
      t(
        '{0} has its weights as {1} only. Such files can run code, so ViTune neither downloads nor reads them.',
        name,
        file,
      ),
      t(
        'Look among its revisions (refs/pr/1 …) or for a copy with model.safetensors, or convert it once in Python with save_pretrained.',
      ),
      place,
    ),
  onnxFilesMany: (name: string, files: readonly string[], example: string, place: Place) =>
    new UserError(
      'HUB_ONNX_FILES_MANY',
      t('{0} has several ONNX files: {1}.', name, files.join(', ')),
      t('Say which one is meant, after a colon: {0}', example),
      place,
    ),
  notImageFolder: (name: string, packed: string | undefined, place: Place) =>
    new UserError(
      'HUB_NOT_AN_IMAGE_FOLDER',
      packed === undefined
        ? t('{0} has no images in folders.', name)
        : t('{0} keeps its data in files such as {1}, not as images in folders.', name, packed),
      t(
        'Choose a dataset with a folder of images for each class, or download and unpack this one yourself and give the folder.',
      ),
      place,
    ),
  nameUnsafe: (id: string, file: string, place: Place) =>
    new UserError(
      'HUB_NAME_UNSAFE',
      t('{0} has a file whose name leads out of its folder: {1}', id, file),
      t('Do not use this repository; its owner should rename the file.'),
      place,
    ),
  tokenNeeded: (id: string, place: Place) =>
    new UserError(
      'HUB_TOKEN_NEEDED',
      t('{0} is open only to those who have asked for access, and no token is set.', id),
      t(
        'Ask for access on its page, then set a token: in HF_TOKEN, or in the editor by "ViTune: Set Hugging Face Token…".',
      ),
      place,
    ),
  tokenRefused: (place: Place) =>
    new UserError(
      'HUB_TOKEN_REFUSED',
      t('The hub does not accept the token.'),
      t('Create a new one in the settings of your account and set it, or remove it: public models need none.'),
      place,
    ),
  accessDenied: (id: string, place: Place) =>
    new UserError(
      'HUB_ACCESS_DENIED',
      t('The token does not give access to {0}.', id),
      t('Request access on its page and wait for the approval, or use a token that may read it.'),
      place,
    ),
  refused: (name: string, reason: string, place: Place) =>
    new UserError(
      'HUB_REFUSED',
      t('The hub refused the request for {0}: {1}', name, reason),
      t('Check the name and the revision, or try again later.'),
      place,
    ),
  busy: (host: string, status: number, place: Place) =>
    new UserError(
      'HUB_BUSY',
      t('{0} is too busy to respond ({1}).', host, status),
      t('Try again later; what is downloaded is kept. With a token the hub allows more requests.'),
      place,
    ),
  unreachable: (host: string, reason: string, place: Place) =>
    new UserError(
      'HUB_UNREACHABLE',
      t('The connection to {0} failed: {1}', host, reason),
      t('Check the network and its proxy (HTTPS_PROXY, HF_ENDPOINT) and try again: what is downloaded is kept.'),
      place,
    ),
  notTheHub: (host: string, place: Place) =>
    new UserError(
      'HUB_NOT_THE_HUB',
      t('{0} returned a web page instead of a file.', host),
      t('If the network asks for a login, open any page in a browser and log in. Check HF_ENDPOINT if it is set.'),
      place,
    ),
  responseInvalid: (id: string, what: string, place: Place) =>
    new UserError(
      'HUB_ANSWER_WRONG',
      t('The response for {0} is not that of a hub: {1}', id, what),
      t('Check HF_ENDPOINT if it is set, or try again later.'),
      place,
    ),
  hashWrong: (id: string, file: string, place: Place) =>
    new UserError(
      'HUB_HASH_WRONG',
      t('The file {1} of {0} was downloaded, but its hash differs from that on the hub. It was not kept.', id, file),
      t('Try again; if it happens again, a proxy may be changing files.'),
      place,
    ),
  offline: (name: string, place: Place) =>
    new UserError(
      'HUB_OFFLINE',
      t('{0} is not completely cached, and HF_HUB_OFFLINE forbids downloading.', name),
      t('Unset HF_HUB_OFFLINE, or copy the cache of a machine that has it.'),
      place,
    ),
  diskTooSmall: (folder: string, needed: number, free: number) =>
    new UserError(
      'HUB_DISK_TOO_SMALL',
      t(
        'The download needs {0} MB, but the disk of {1} has {2} MB left.',
        Math.ceil(needed / 1e6),
        folder,
        Math.floor(free / 1e6),
      ),
      t('Free some space, or name a folder on another disk in HF_HOME.'),
      { file: folder },
    ),
  diskFull: (folder: string) =>
    new UserError(
      'HUB_DISK_FULL',
      t('The disk of {0} became full during the download.', folder),
      t('Free some space and try again: what is downloaded is kept. Or name a folder on another disk in HF_HOME.'),
      { file: folder },
    ),
  cacheUnwritable: (folder: string, reason: string) =>
    new UserError(
      'HUB_CACHE_UNWRITABLE',
      t('The cache {0} cannot be written: {1}', folder, reason),
      t('Allow writing to it, or name another folder in HF_HOME.'),
      { file: folder },
    ),
};
