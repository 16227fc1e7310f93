/** The images on which a checkpoint is compared with what was made of it. */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readTextInput } from '../core/files.js';
import { evaluationPixels } from '../data/decode.js';
import { imagesBelow } from '../data/folder.js';
import type { DatasetSpec } from '../data/dataset.js';
import { squareTransform } from '../data/transform.js';
import { errors, UserError } from '../errors/errors.js';
import { Random } from '../core/random.js';

/** Images that are compared. */
export const sampleSize = 8;

/** The items in a random order that follows from `seed`. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = new Random(seed, 'parity');
  return items
    .map((item) => ({ item, key: random.uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/**
 * Folder of the images that the checkpoint's run was evaluated on or drew from; undefined if the folder is not a
 * checkpoint of a run.
 */
async function imagesOfRun(checkpoint: string): Promise<string | undefined> {
  const file = join(dirname(dirname(checkpoint)), 'config.json');
  // A config that is gone or damaged names no dataset; the sample is then taken elsewhere.
  const config = await readTextInput(file)
    .then((text) => JSON.parse(text) as { dataset?: DatasetSpec } | null)
    .catch(() => undefined);
  const dataset = config?.dataset;
  if (typeof dataset === 'object') return 'folder' in dataset ? dataset.folder : (dataset.validation ?? dataset.train);
  return dataset?.endsWith('.csv') ? dirname(dataset) : dataset;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/**
 * Up to eight readable images: below `folder` where it is given, else below the dataset of the checkpoint's run, else
 * seeds of drawn ones, as when the checkpoint was moved away from its run or the images are gone. A given folder
 * without an image is a `UserError`.
 */
export async function sampleFor(
  checkpoint: string,
  folder?: string,
  signal?: AbortSignal,
): Promise<(string | number)[]> {
  const found = folder ?? (await imagesOfRun(checkpoint));
  const sample: string[] = [];
  if (found !== undefined && (folder !== undefined || (await isFolder(found)))) {
    for (const path of shuffled(await imagesBelow(found, { problems: [], signal }), 0)) {
      if (sample.length === sampleSize) break;
      const isReadable = await evaluationPixels(path, squareTransform(8)).then(
        () => true,
        (error: unknown) => {
          if (error instanceof UserError) return false;
          throw error;
        },
      );
      if (isReadable) sample.push(path);
    }
    if (!sample.length && folder !== undefined) throw errors.nothingToClassify(folder);
  }
  return sample.length ? sample : Array.from({ length: sampleSize }, (_, i) => i);
}
