/** Reads each image of a dataset once, or remembers what was seen of it when it was last read. */
import { availableParallelism } from 'node:os';
import { UserError } from '../errors/errors.js';
import type { SplitName } from '../protocol.js';
import { CheckedImages } from './checkedImages.js';
import { forEachConcurrently } from './concurrently.js';
import type { Dataset } from './dataset.js';
import { checkImage, type ImageCheck } from './decode.js';
import type { Sample } from './sample.js';

export interface Look {
  split: SplitName;
  sample: Sample;
  /** Why the image cannot be read, or what was seen of it. */
  result: UserError | ImageCheck;
}
export type GoodLook = Look & { result: ImageCheck };

export interface LookOptions {
  /** Where to keep what was seen of each image, so that it is not read again; undefined: nowhere. */
  memory: string | undefined;
  signal: AbortSignal | undefined;
  /** Images looked at so far, of all; some ten times a second at most. */
  onProgress: ((done: number, total: number) => void) | undefined;
}

const splitNames = ['train', 'validation', 'test'] as const;

/** In the order of the splits, and of the images in each. */
export async function lookAtAll(
  { root, splits }: Dataset,
  { memory, signal, onProgress }: LookOptions,
): Promise<Look[]> {
  const all = splitNames.flatMap((split) => [...splits[split]].map((sample) => ({ split, sample })));
  const looks: Look[] = [];
  const checked = memory === undefined ? undefined : await CheckedImages.open(memory, root);
  const check = checked ? (path: string) => checked.check(path) : checkImage;
  let done = 0;
  let reported = 0;
  try {
    await forEachConcurrently(all.length, Math.min(4, availableParallelism()), signal, async (i) => {
      const { split, sample } = all[i]!;
      looks[i] = { split, sample, result: await look(sample.path, check) };
      done++;
      if (done < all.length && performance.now() - reported < 100) return;
      reported = performance.now();
      onProgress?.(done, all.length);
    });
  } finally {
    // A full disk makes the next inspection slower, not this one wrong.
    await checked?.save(done < all.length).catch(() => undefined);
  }
  return looks;
}

async function look(path: string, check: (path: string) => Promise<ImageCheck>): Promise<Look['result']> {
  try {
    return await check(path);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}
