/** The path that a file or folder has when all links are followed. */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';

/** Windows cannot say it of some drives and of long paths; there it is the path as given. */
export const realPath = (path: string): Promise<string> =>
  realpath(path).catch((error: NodeJS.ErrnoException) => {
    if (process.platform !== 'win32' || error.code === 'ENOENT') throw error;
    return resolve(path);
  });
