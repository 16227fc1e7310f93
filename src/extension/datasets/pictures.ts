/** Finds the pictures below folders, by their names. */
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { pictureEndings } from '../contributions.js';

const endings = new Set<string>(pictureEndings.map((ending) => `.${ending}`));

export function isPicture(path: string): boolean {
  return endings.has(extname(path).toLowerCase());
}

/** All pictures below a folder, in the order of their paths; hidden files and folders are left out. */
export async function picturesBelow(folder: string, signal?: AbortSignal): Promise<string[]> {
  signal?.throwIfAborted();
  const entries = (await readdir(folder, { withFileTypes: true })).filter((entry) => !entry.name.startsWith('.'));
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await picturesBelow(path, signal)));
    else if (isPicture(path)) found.push(path);
  }
  return found;
}

/**
 * The files named and the pictures below the folders named. A file is taken whatever its ending: the person chose it.
 */
export async function picturesOf(paths: readonly string[], signal?: AbortSignal): Promise<string[]> {
  const found = new Set<string>();
  for (const path of paths) {
    const pictures = (await stat(path)).isDirectory() ? await picturesBelow(path, signal) : [path];
    for (const picture of pictures) found.add(picture);
  }
  return [...found];
}
