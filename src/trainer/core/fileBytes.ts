/** Reads and writes whole ranges of a file, where the system may do so in parts. */
import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/** Node refuses reads of 2 GiB and more. */
const largestRead = 2 ** 30;

const leftOf = (target: Uint8Array, done: number): number => Math.min(target.length - done, largestRead);

/** Fills `target` with the bytes at `position`. Returns whether the file was long enough. */
export async function readFully(file: FileHandle, target: Uint8Array, position: number): Promise<boolean> {
  for (let done = 0; done < target.length;) {
    const { bytesRead } = await file.read(target, done, leftOf(target, done), position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

/** Fills `target` as `readFully` does, without giving way to other work. */
export function readFullySync(file: number, target: Uint8Array, position: number): boolean {
  for (let done = 0; done < target.length;) {
    const bytesRead = readSync(file, target, done, leftOf(target, done), position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

/** Writes all of `data` at `position`. */
export async function writeAll(file: FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    const { bytesWritten } = await file.write(data, done, data.length - done, position + done);
    done += bytesWritten;
  }
}
