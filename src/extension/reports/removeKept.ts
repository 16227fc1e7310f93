/** Removes what a window kept of its views: their data as JSON, and their lists of images. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../trainer/runFolder.js';

/** Other files of the folder, and a folder that is not there, are left alone. */
export async function removeKept(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  for (const name of names) if (/\.(json|images)$/.test(name)) await rm(join(folder, name), { force: true });
}
