/**
 * Small JPEGs of images for the editor's grids, kept in a folder: an image of the same path, size and time of change is
 * not decoded again.
 *
 * Each is a file named after the hash of its key, in one of 256 folders. It is written beside and renamed into place,
 * and proved when it is read: a file that is cut short is made again.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { renamePatiently } from '../core/renamePatiently.js';
import { decoderVersion, previewOf } from './decode.js';

/** Pixels of the longer side: enough for a tile on a screen with two pixels to each of CSS. */
export const thumbnailSide = 256;

/** Share of the limit that is left after a sweep, so that the next one is not needed soon. */
const spareShare = 0.8;

export class Thumbnails {
  #sweep: Promise<unknown> | undefined;
  #isBroken = false;

  constructor(
    private readonly folder: string,
    /** Bytes that all thumbnails may take together. */
    private readonly limitBytes: number,
  ) {}

  /** The JPEG of an image. Throws a UserError where the image cannot be read. */
  async of(path: string): Promise<Uint8Array> {
    this.#sweep ??= this.sweep().catch(() => undefined);
    const file = this.limitBytes > 0 && !this.#isBroken ? await this.#fileOf(path) : undefined;
    const kept = file === undefined ? undefined : await readJpeg(file);
    if (kept) return kept;
    const jpeg = await previewOf(path, thumbnailSide);
    // A full or read-only disk makes the next look slower, and this one not worse.
    if (file !== undefined) await write(file, jpeg).catch(() => (this.#isBroken = true));
    return jpeg;
  }

  /** Where the thumbnail of an image lies; undefined: the image cannot be looked up, and reading it says why. */
  async #fileOf(path: string): Promise<string | undefined> {
    const status = await stat(path).catch(() => undefined);
    if (!status) return undefined;
    const key = JSON.stringify([path, status.size, status.mtimeMs, thumbnailSide, decoderVersion]);
    const name = createHash('sha256').update(key).digest('hex').slice(0, 40);
    return join(this.folder, name.slice(0, 2), `${name.slice(2)}.jpg`);
  }

  /** Removes the thumbnails that were used longest ago, where all take more than the limit. */
  async sweep(): Promise<void> {
    const files: { path: string; bytes: number; usedAt: number }[] = [];
    for (const part of await readdir(this.folder).catch(() => [])) {
      const names = await readdir(join(this.folder, part)).catch(() => []);
      for (const name of names) {
        const path = join(this.folder, part, name);
        const status = await stat(path).catch(() => undefined);
        if (status) files.push({ path, bytes: status.size, usedAt: status.mtimeMs });
      }
    }
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= this.limitBytes) return;
    files.sort((a, b) => a.usedAt - b.usedAt);
    for (const { path, bytes } of files) {
      if (total <= spareShare * this.limitBytes) return;
      await rm(path, { force: true });
      total -= bytes;
    }
  }
}

/** A kept JPEG, which then counts as used now; undefined where there is none, or where it is cut short. */
async function readJpeg(file: string): Promise<Uint8Array | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (!bytes || bytes.length < 4) return undefined;
  if (bytes.readUInt16BE(0) !== 0xffd8 || bytes.readUInt16BE(bytes.length - 2) !== 0xffd9) return undefined;
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined);
  return bytes;
}

async function write(file: string, jpeg: Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, jpeg);
  await renamePatiently(temporary, file);
}
