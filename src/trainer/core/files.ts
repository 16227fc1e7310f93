/** Questions that many rooms ask of the file system. */
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';

/** The system's code of an error, e.g. `ENOENT`; undefined where it has none. */
export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null | undefined)?.code;

/** Whether an error says that there is no such file. */
export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/** Whether a file or folder can be reached. */
export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Why a path that is neither a file nor a folder is not read: whoever waits for a pipe may wait for ever. */
export const notAFile = (): string => l10n.t('it is a pipe, a socket or a device, not a file');

/**
 * The bytes of a file that the user named.
 * @throws what the file system refuses, and an error with the reason for what would never end.
 */
export async function readInput(file: string): Promise<Buffer> {
  await requireNoPipe(file);
  return readFile(file);
}

/** Opens a file that the user named for reading. Throws as `readInput`. */
export async function openInput(file: string): Promise<FileHandle> {
  await requireNoPipe(file);
  return open(file, 'r');
}

async function requireNoPipe(file: string): Promise<void> {
  const found = await stat(file);
  if (!found.isFile() && !found.isDirectory()) throw new Error(notAFile());
}

/** The text of such a file, in UTF-8. Throws as `readInput`. */
export const readTextInput = async (file: string): Promise<string> => (await readInput(file)).toString('utf8');

/** Bytes of all files in a folder and below. */
export async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  return bytes;
}
