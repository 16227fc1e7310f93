/** The preprocessing that the files of a model's folder give. */
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { isThere } from '../core/files.js';
import { readPreprocessor, type ReadPreprocessor } from '../data/imageProcessor.js';
import { errors } from '../errors/errors.js';
import { modelFiles } from '../hub/hubCache.js';
import { isObject, type Fields } from '../nn/configFields.js';
import { readJson } from './modelFiles.js';

/** What transformers 4 reads of a processor_config.json that has the fields of the image processor outside. */
const plainOf = (json: Fields): Fields | undefined =>
  'image_processor_type' in json || 'feature_extractor_type' in json ? json : undefined;

/**
 * Reads `preprocessor_config.json` or, as transformers 5 writes it, the `image_processor` of `processor_config.json`;
 * undefined if the folder has neither. `usualClass` is as in `readPreprocessor`. Throws a UserError where a file is
 * damaged, or where both are there and differ, since which one is used depends on the version of transformers.
 */
export async function findPreprocessor(folder: string, usualClass?: string): Promise<ReadPreprocessor | undefined> {
  const file = join(folder, modelFiles.preprocessor);
  const own = (await isThere(file)) ? readPreprocessor(await readJson(file), file, usualClass) : undefined;
  const combined = join(folder, modelFiles.processor);
  const json = (await isThere(combined)) ? await readJson(combined) : undefined;
  // A processor of text alone, or of an older version, says nothing of images.
  const nested = isObject(json) ? (json.image_processor ?? (own ? undefined : plainOf(json))) : undefined;
  if (nested === undefined) return own;
  const found = readPreprocessor(nested, combined, usualClass);
  if (own && !isDeepStrictEqual(own.preprocessor, found.preprocessor)) throw errors.preprocessorsDiffer(file, combined);
  return found;
}
