/**
 * The folder in which decoded images, features and other things that can be made again are kept; what it takes, and
 * how it is emptied.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesBelow } from '../core/files.js';

export { cacheFolder } from '../core/cacheFolder.js';

/** Where the features of all networks are kept. */
export const featureFolder = (cache: string): string => join(cache, 'features');

/** Where what was seen of the images of datasets is kept. */
export const checkedFolder = (cache: string): string => join(cache, 'checked');

/** Where small JPEGs of images are kept. */
export const thumbnailFolder = (cache: string): string => join(cache, 'thumbnails');

/** Where the maps of datasets are kept. */
export const mapFolder = (cache: string): string => join(cache, 'maps');

/** Where it is kept which devices were found to work, and how far they differ from the CPU. */
export const deviceFolder = (cache: string): string => join(cache, 'devices');

/**
 * What is kept: `images` are decoded pixels, thumbnails and what was seen of files. Users limit them by
 * `VITUNE_PICTURE_CACHE_GB`.
 */
export type CacheKind = 'images' | 'features';

/** Where a limit is set, and what it is where it is not. */
const limits: Record<CacheKind, { variable: string; gigabytes: number }> = {
  images: { variable: 'VITUNE_PICTURE_CACHE_GB', gigabytes: 50 },
  features: { variable: 'VITUNE_FEATURE_CACHE_GB', gigabytes: 10 },
};

/** Bytes that all of a kind may take on disk together. */
export function cacheLimit(kind: CacheKind, env: NodeJS.ProcessEnv = process.env): number {
  const { variable, gigabytes } = limits[kind];
  const set = Number(env[variable] || gigabytes);
  return (set >= 0 ? set : gigabytes) * 1e9;
}

/**
 * What a folder of ours in the cache holds; undefined for what somebody else has put there. Decoded images lie in
 * folders named by a hash.
 */
function kindOf(name: string): CacheKind | undefined {
  if (name === 'features' || name === 'maps' || name === 'devices') return 'features';
  return name === 'checked' || name === 'thumbnails' || /^[0-9a-f]{16}$/.test(name) ? 'images' : undefined;
}

async function kept(folder: string): Promise<{ path: string; kind: CacheKind }[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.flatMap((name) => {
    const kind = kindOf(name);
    return kind ? [{ path: join(folder, name), kind }] : [];
  });
}

/** Bytes on disk by kind. */
export async function cacheUsage(folder: string): Promise<Record<CacheKind, number>> {
  const usage = { images: 0, features: 0 };
  for (const { path, kind } of await kept(folder)) usage[kind] += await bytesBelow(path);
  return usage;
}

/** Removes only what ViTune keeps there; a running training continues and recomputes what it needs. */
export async function clearCache(folder: string): Promise<void> {
  for (const { path } of await kept(folder)) await rm(path, { recursive: true, force: true });
}
