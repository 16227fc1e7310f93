/** A number by which an image file is known again under another name. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** Of a large file the beginning, the middle and the end are read, each of so many bytes. */
const block = 16 * 1024;

export interface FileMark {
  bytes: number;
  /** When it was last changed, in milliseconds since 1970. */
  date: number;
  /** 48 bits, which a double holds, of a SHA-256 over the file, or over its blocks where it is longer than three. */
  hash: number;
}

/** Throws what the file system says where the file cannot be read. */
export async function markOf(path: string): Promise<FileMark> {
  const file = await open(path, 'r');
  try {
    const { size, mtimeMs } = await file.stat();
    const starts = size <= 3 * block ? [0] : [0, Math.floor((size - block) / 2), size - block];
    const length = size <= 3 * block ? size : block;
    const hash = createHash('sha256');
    const buffer = Buffer.alloc(length);
    for (const start of starts) {
      const { bytesRead } = await file.read(buffer, 0, length, start);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return { bytes: size, date: mtimeMs, hash: hash.digest().readUIntBE(0, 6) };
  } finally {
    await file.close();
  }
}
