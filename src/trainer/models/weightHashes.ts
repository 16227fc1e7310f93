/** SHA-256 of the weight files of a checkpoint: stored when it is saved, verified when a file is read. */
import { basename, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { errors } from '../errors/errors.js';
import { hashFiles } from './modelFiles.js';

/** By file name, in hexadecimal. */
export type WeightHashes = Readonly<Record<string, string>>;

/** The hashes of files of `folder` that were just written. */
export async function hashesOf(folder: string, names: readonly string[]): Promise<WeightHashes> {
  const hashes: [string, string][] = [];
  for (const name of names) hashes.push([name, await hashFiles([join(folder, name)])]);
  return Object.fromEntries(hashes);
}

/**
 * Throws a `UserError` that names the file where its bytes are not those that were saved. Checkpoints from before the
 * hashes were stored have none, and are taken as they are.
 */
export async function verifyWeights(file: string, hashes: WeightHashes | undefined): Promise<void> {
  if (hashes && hashes[basename(file)] !== (await hashFiles([file])))
    throw errors.checkpointDamaged(file, l10n.t('its bytes are not the ones that were saved (SHA-256)'));
}
