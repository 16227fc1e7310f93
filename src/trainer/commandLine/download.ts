/**
 * `vitune download`: a model, or a dataset of images, from the Hugging Face hub into the cache it shares with
 * Python's tools; with `--list` the models that are there.
 */
import * as l10n from '@vscode/l10n';
import { errors } from '../errors/errors.js';
import { downloadDataset, downloadModel } from '../hub/download.js';
import { hubName, parseHubName } from '../hub/repository.js';
import type { CachedModels, CommandOutputs, Download } from '../protocol.js';
import { cachedModels } from '../models/cachedModels.js';
import { checkConfig, isImage } from '../models/hubSources.js';
import { weightFilesOf } from '../models/onnxModel.js';
import type { Arguments } from './commands.js';
import { usageOf } from './help.js';
import { downloadStatus, table, type Output } from './output.js';

export async function download(
  { operands, dataset: isDataset, list: isList }: Arguments<'download'>,
  output: Output<CommandOutputs['download']>,
  signal: AbortSignal,
): Promise<void> {
  const [name] = operands;
  if (isList && name === undefined) return list(output);
  if (isList || name === undefined) throw errors.usage(l10n.t('Give either a name or --list.'), usageOf('download'));
  const repository = parseHubName(name);
  if (!repository || (isDataset && repository.file !== undefined)) throw errors.hub.nameInvalid(name, {});
  const options = {
    signal,
    onProgress(done: number, total: number): void {
      output.json({ type: 'progress', phase: 'download', done, total });
      output.status(downloadStatus(done, total));
    },
  };
  const id = hubName({ ...repository, revision: undefined });
  let licence: string | null | undefined;
  const onLicence = (stated: string | undefined): void => {
    licence = stated ?? null;
    if (stated === undefined) output.problem(errors.hub.licenceMissing(id).toInfo());
    else output.line(l10n.t('Licence: {0}', stated));
  };
  const { commit, folder, files, bytes } = isDataset
    ? await downloadDataset(repository, isImage, options)
    : await downloadModel(repository, weightFilesOf, { ...options, checkConfig, onLicence });
  const result: Download = {
    type: 'downloaded',
    kind: isDataset ? 'dataset' : 'model',
    id,
    revision: commit,
    folder,
    files,
    bytes,
    ...(licence === undefined ? {} : { licence }),
  };
  output.json(result);
  output.line(l10n.t('{0}: {1} files, {2} MB, commit {3}', id, files, (bytes / 1e6).toFixed(1), commit));
  output.line(folder);
}

async function list(output: Output<CommandOutputs['download']>): Promise<void> {
  const models = await cachedModels();
  const result: CachedModels = { type: 'cached', models };
  output.json(result);
  output.line(
    models.length
      ? table(models.map(({ id, folder }) => [id, folder]))
      : l10n.t('No model of the hub that can be trained is in the cache.'),
  );
}
