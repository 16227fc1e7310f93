/** What a config names on the hub, brought into the cache: the model to start from, and the dataset. */
import { basename } from 'node:path';
import { formatOfName, isReadable } from '../../shared/imageFormats.js';
import { errors, type UserError } from '../errors/errors.js';
import { downloadDataset, downloadModel, findDataset, findModel, type DownloadOptions } from '../hub/download.js';
import { hubCache, hubSettings } from '../hub/hubSettings.js';
import { hubNameAt, isHubId, isRevision, parseHubName } from '../hub/repository.js';
import { parseNetwork } from '../nn/families.js';
import { readJson } from './modelFiles.js';
import { weightFilesOf } from './onnxModel.js';

/** Before the name of a dataset on the hub, since a folder may have the same name. */
export const hubPrefix = 'hub:';

export const isImage = (path: string): boolean => {
  const format = formatOfName(path);
  return format !== undefined && isReadable(format);
};

/** Throws a UserError for the config.json of a network that cannot be read. */
export async function checkConfig(file: string): Promise<void> {
  parseNetwork(await readJson(file), file);
}

/**
 * Downloads a hub model unless it is in the cache, and returns its commit; undefined where the model is none of the
 * hub's.
 */
export async function provideModel(
  model: string,
  revision: string | undefined,
  options: Omit<DownloadOptions, 'onLicence'> & {
    onRequest?: (name: string, address: string) => void;
    onNotice?: (notice: UserError) => void;
  },
): Promise<string | undefined> {
  if (!isHubId(model.split(':', 1)[0]!)) return undefined;
  const named = parseHubName(model);
  if (!named || (revision !== undefined && !isRevision(revision)))
    throw errors.hub.nameInvalid(hubNameAt(model, revision), options.place ?? {});
  const repository = { ...named, revision };
  // A cached copy is used unchanged, so that a second run starts from the same weights; `vitune download` looks for
  // newer ones.
  const cached = await findModel(repository, hubCache());
  if (cached !== undefined) return basename(cached);
  // `models/mine` may have been meant as a folder: the user learns what is requested before it is.
  const { endpoint, isOffline } = options.settings ?? (await hubSettings());
  if (!isOffline) options.onRequest?.(hubNameAt(model, revision), endpoint);
  const onLicence = (licence: string | undefined) => {
    if (licence === undefined) options.onNotice?.(errors.hub.licenceMissing(hubNameAt(model, revision)));
  };
  return (await downloadModel(repository, weightFilesOf, { ...options, checkConfig, onLicence })).commit;
}

/**
 * The folder of a dataset: itself, or where `hub:owner/name` is in the cache after it was downloaded, with its commit;
 * at the commit `known`, if there is one.
 */
export async function provideDataset(
  dataset: string,
  options: DownloadOptions,
  known?: string,
): Promise<{ folder: string; commit?: string }> {
  if (!dataset.startsWith(hubPrefix)) return { folder: dataset };
  const name = dataset.slice(hubPrefix.length);
  const repository = parseHubName(name);
  if (!repository || repository.file !== undefined) throw errors.hub.nameInvalid(name, options.place ?? {});
  const wanted = { ...repository, revision: known ?? repository.revision };
  return (await findDataset(wanted, hubCache())) ?? downloadDataset(wanted, isImage, options);
}
