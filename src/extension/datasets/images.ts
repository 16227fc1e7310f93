/** Finds the images below folders, by their names. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatOfName, isReadable } from '../../shared/imageFormats.js';

export function isImage(path: string): boolean {
  const format = formatOfName(path);
  return format !== undefined && isReadable(format);
}

/** All images below a folder, in the order of their paths; hidden files and folders are left out. */
export async function imagesBelow(folder: string, signal?: AbortSignal): Promise<string[]> {
  signal?.throwIfAborted();
  const entries = (await readdir(folder, { withFileTypes: true })).filter((entry) => !entry.name.startsWith('.'));
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await imagesBelow(path, signal)));
    else if (isImage(path)) found.push(path);
  }
  return found;
}

/**
 * The files named and the images below the folders named. A named file is used whatever its extension: the user chose
 * it.
 */
export async function imagesOf(paths: readonly string[], signal?: AbortSignal): Promise<string[]> {
  const found = new Set<string>();
  for (const path of paths) {
    const images = (await stat(path)).isDirectory() ? await imagesBelow(path, signal) : [path];
    for (const image of images) found.add(image);
  }
  return [...found];
}
