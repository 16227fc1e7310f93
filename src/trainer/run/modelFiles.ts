/** The files that lie in a model's folder: what is there, its JSON, and a hash of its weights. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { errors, reasonOf } from '../errors.js';

export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw errors.fileUnreadable(file, reasonOf(error));
  });
  try {
    return JSON.parse(text);
  } catch {
    throw errors.modelConfigInvalid(file, basename(file), 'JSON');
  }
}

/** SHA-256 of the files' bytes one after another, in hexadecimal. */
export async function hashFiles(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
