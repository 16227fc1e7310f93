/**
 * The files that hold what many images were turned into: which there are, what they take, and which nobody has used
 * for longest.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface PackStatus {
  path: string;
  bytes: number;
  /** Milliseconds since 1970. */
  usedAt: number;
}

/** Every file below `root` whose name ends so. */
export async function packsBelow(root: string, ending: string): Promise<PackStatus[]> {
  const names = await readdir(root, { recursive: true }).catch(ignoreGone);
  const found = await Promise.all(
    (names ?? [])
      .filter((name) => name.endsWith(ending))
      .map(async (name) => {
        const path = join(root, name);
        const status = await stat(path).catch(ignoreGone);
        return status ? [{ path, bytes: status.size, usedAt: status.mtimeMs }] : [];
      }),
  );
  return found.flat();
}

/** Another process may remove a pack at any moment. */
export function ignoreGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
