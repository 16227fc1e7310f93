/** The files that lie in a model's folder: what is there, its JSON, and a hash of its weights. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { openInput, readInput } from '../core/files.js';
import { parseJson } from '../core/json.js';
import { errors, reasonOf } from '../errors/errors.js';

export async function readJson(file: string): Promise<unknown> {
  const bytes = await readInput(file).catch((error: unknown) => {
    throw errors.fileUnreadable(file, reasonOf(error));
  });
  try {
    return parseJson(bytes.toString('utf8'));
  } catch {
    throw errors.modelConfigInvalid(file, basename(file), 'JSON');
  }
}

const hashedAtOnce = 2 ** 20;

/** SHA-256 of the files' bytes one after another, in hexadecimal. */
export async function hashFiles(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  // One part is read while the one before is hashed; a stream would leave a copy of every part behind it.
  let [current, other] = [Buffer.allocUnsafe(hashedAtOnce), Buffer.allocUnsafe(hashedAtOnce)];
  for (const file of files) {
    const handle = await openInput(file);
    try {
      let reading = handle.read(current);
      for (let { bytesRead } = await reading; bytesRead; { bytesRead } = await reading) {
        reading = handle.read(other);
        hash.update(current.subarray(0, bytesRead));
        [current, other] = [other, current];
      }
    } finally {
      await handle.close();
    }
  }
  return hash.digest('hex');
}
