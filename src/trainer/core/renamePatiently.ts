/** Renaming and removing on Windows, which refuses both while another program has a file open. */
import { rename, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const held = new Set(['EPERM', 'EACCES', 'EBUSY']);
const attempts = 20;
const milliseconds = 50;

/** Renames. Virus scanners and indexers open new files: on Windows it is tried again for a second, then it throws. */
export async function renamePatiently(from: string, to: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await rename(from, to);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (process.platform !== 'win32' || !held.has(code) || attempt === attempts) throw error;
      await pause(milliseconds);
    }
  }
}

/** Removes a file or a folder with all that is in it, if it is there; as patient. */
export const removePatiently = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: milliseconds });
