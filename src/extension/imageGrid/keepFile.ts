/** Gives a file a second name, or a copy on another device: whole or not at all, and in nobody's place. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing } from '../trainer/runFolder.js';

/** Throws an error of code `EEXIST` where the second name is taken. */
export async function keepFile(path: string, copy: string): Promise<void> {
  await mkdir(dirname(copy), { recursive: true });
  await link(path, copy).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST' || error.code === 'ENOENT') throw error;
    // Hidden, so that what an end in the middle leaves is taken for no image.
    const part = join(dirname(copy), `.${randomUUID()}.tmp`);
    try {
      await copyFile(path, part, constants.COPYFILE_EXCL);
      await place(part, copy);
    } finally {
      await rm(part, { force: true });
    }
  });
}

/** A file system without second names can only look before it renames. */
async function place(part: string, copy: string): Promise<void> {
  await link(part, copy).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw error;
    if (await isThere(copy)) throw Object.assign(new Error(`${copy} is there already`), { code: 'EEXIST' });
    await rename(part, copy);
  });
}

export const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    // What cannot be looked at is there as far as anybody knows; the file system then says why it cannot be used.
    (error: unknown) => !isMissing(error),
  );
