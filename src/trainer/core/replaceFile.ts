/** Replaces what a file of the user's holds: whole or not at all, in its place and with its rights. */
import { constants } from 'node:fs';
import { access, open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isMissing } from './files.js';
import { realPath } from './realPath.js';
import { renamePatiently } from './renamePatiently.js';

/** Throws what the file system refuses; the file is then as it was. */
export async function replaceFile(given: string, bytes: Uint8Array): Promise<void> {
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
    await renamePatiently(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
