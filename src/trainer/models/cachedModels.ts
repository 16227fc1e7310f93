/** The models in the cache shared with Hugging Face's tools that can be trained. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextInput } from '../core/files.js';
import { UserError } from '../errors/errors.js';
import { findOnnx, findSnapshot, isWholeModel, modelFiles } from '../hub/hubCache.js';
import { hubCache } from '../hub/hubSettings.js';
import { isHubId } from '../hub/repository.js';
import { parseNetwork } from '../nn/families.js';
import type { CachedModel } from '../protocol.js';

/** `owner/name` of a repository's folder in the cache; undefined for what is none. */
function idOf(folder: string): string | undefined {
  // An owner has no two dashes in a row in its name, a model may.
  const id = /^models--(.+)$/.exec(folder)?.[1]?.replace('--', '/');
  return id !== undefined && isHubId(id) ? id : undefined;
}

/** Whether a model's network is of a family that is known here. */
async function isKnown(file: string): Promise<boolean> {
  try {
    parseNetwork(JSON.parse(await readTextInput(file)), file);
    return true;
  } catch (error) {
    // The cache holds models of every kind, for other programs; these are not errors.
    if (error instanceof UserError || error instanceof SyntaxError) return false;
    throw error;
  }
}

/** By name; those of which files are missing, and those that this version cannot train, are left out. */
export async function cachedModels(cache = hubCache()): Promise<CachedModel[]> {
  const names = await readdir(cache).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  const models = await Promise.all(
    names.sort().map(async (name): Promise<CachedModel | undefined> => {
      const id = idOf(name);
      const folder = id && (await findSnapshot({ kind: 'model', id }, cache));
      if (!folder) return undefined;
      if (await isWholeModel(folder))
        return (await isKnown(join(folder, modelFiles.config))) ? { id, folder } : undefined;
      const onnxFile = await findOnnx(folder);
      return onnxFile === undefined ? undefined : { id, folder: onnxFile };
    }),
  );
  return models.filter((model) => model !== undefined);
}
