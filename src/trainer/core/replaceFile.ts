/** Replaces what a file of the user's holds: whole or not at all, in its place and with its rights. */
import { constants } from 'node:fs';
import { access, open, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isMissing } from './files.js';
import { realPath } from './realPath.js';
import { renamePatiently } from './renamePatiently.js';

/** Somebody else wrote the file after it was read. */
export class ChangedSince extends Error {}

/** Reads, decides and writes anew until nobody else writes the file in between. */
export async function untilUnchanged<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ChangedSince)) throw error;
    }
  }
}

/**
 * Throws what the file system refuses, and `ChangedSince` where the file does not hold `seen` any more; the file is
 * then as it was. A file that is not there holds nothing.
 */
export async function replaceFile(given: string, bytes: Uint8Array, seen?: Uint8Array): Promise<void> {
  const before = await stat(given).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  // A rename would replace a file that may not be written.
  if (before) await access(given, constants.W_OK);
  const file = before ? await realPath(given) : given;
  // Hidden, so that nobody takes it for a part of the dataset.
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    const handle = await open(temporary, 'w', before?.mode);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (seen && Buffer.compare(await heldBy(file), seen) !== 0) throw new ChangedSince();
    await renamePatiently(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

const heldBy = (file: string): Promise<Uint8Array> =>
  readFile(file).catch((error: unknown) => {
    if (isMissing(error)) return Buffer.alloc(0);
    throw error;
  });
