/**
 * The decoded cache: pixels of images in pack files on disk, so that later epochs and runs read no JPEG.
 *
 * A pack is appended to by the one process that made it, and read by all. `NAME.pack` holds, end to end, a CRC-32 and
 * the pixels it proves (`sealOf`). `NAME.index` holds records of 32 bytes, in little endian: the digest of an image's
 * key (16), where its checksum and pixels lie (f64), their width and height (u32); a width of 0 says that the image can
 * be read, but the limit left no space for its pixels. A record is written only after the pixels it names have reached
 * the disk, so a process killed at any moment leaves at most bytes without a record, or a part of a record, and both
 * are passed over.
 */
import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { writeAll } from '../core/fileBytes.js';
import { isMissing } from '../core/files.js';
import { errors } from '../errors/errors.js';
import type { ErrorInfo } from '../protocol.js';
import type { Pixels } from './decode.js';
import { Column, digestBytes, digestOf } from './digestTable.js';
import { ignoreGone, PackFolder, readRecords } from './packFolder.js';

/** Where the pixels of an image lie: their checksum and `height * width * 3` bytes at `offset` of the file `pack`. */
export interface Place {
  pack: string;
  offset: number;
  width: number;
  height: number;
  /** The checksum begins with this, which says whose pixels these are. */
  seal: number;
}

type Extent = Omit<Place, 'pack' | 'seal'>;

export const checksumBytes = 4;

/** Of an image's digest and size: so one image's pixels do not pass for another's. */
function sealOf(digest: Uint8Array, width: number, height: number): number {
  const size = Buffer.alloc(8);
  size.writeUInt32LE(width, 0);
  size.writeUInt32LE(height, 4);
  return crc32(size, crc32(digest.subarray(0, digestBytes)));
}

/** The pixels of a record as it was read from a pack; undefined where its bytes are not those that were written. */
export function provenPixels(record: Buffer<ArrayBuffer>, seal: number): Uint8Array<ArrayBuffer> | undefined {
  const pixels = record.subarray(checksumBytes);
  return crc32(pixels, seal) === record.readUInt32LE(0) ? pixels : undefined;
}

const recordBytes = digestBytes + 16;
/** Pixels reach the disk, and the index, in portions of this many bytes: what a killed process has to decode again. */
const portion = 2 ** 25;
/** A pack that no run has used for so long is removed. */
const unusedDays = 30;
/** A pack used since then may be another process's: it is not removed to free space. */
const recentMilliseconds = 3_600_000;

/** A pack of another process, or of another run, with its sizes when it was looked at. */
interface FoundPack {
  pack: string;
  index: string;
  bytes: number;
  records: number;
}

/** The pack that this process writes. */
interface OwnPack {
  number: number;
  path: string;
  pixels: FileHandle;
  index: FileHandle;
}

export class PixelCache {
  readonly #packs: PackFolder;
  readonly #onNotice: (notice: ErrorInfo) => void;
  /** The image's size, by row of the folder's table. */
  readonly #width = new Column(new Uint32Array(64));
  readonly #height = new Column(new Uint32Array(64));
  #own: Promise<OwnPack> | undefined;
  #end = 0;
  #flushed = 0;
  /** Records that are written, but not yet in the index. */
  #pending: Buffer[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #isClosed = false;
  readonly #limitBytes: number;
  /** Bytes that the packs of all transforms may still grow by. */
  #headroom = Infinity;
  #freeing: Promise<void> = Promise.resolve();
  #isFull = false;

  private constructor(folder: string, onNotice: (notice: ErrorInfo) => void, limitBytes: number) {
    this.#packs = new PackFolder(folder, {
      ending: '.pack',
      companions: (pack) => [indexOf(pack)],
      onNotice,
      unwritable: errors.cacheUnwritable,
    });
    this.#onNotice = onNotice;
    this.#limitBytes = limitBytes;
  }

  /**
   * A folder that cannot be created or read is reported by a notice; the cache is then empty and keeps nothing.
   * `limitBytes` limits the total size of the packs of this and all sibling folders.
   */
  static async open(folder: string, onNotice: (notice: ErrorInfo) => void, limitBytes = Infinity): Promise<PixelCache> {
    const cache = new PixelCache(folder, onNotice, limitBytes);
    const packs = cache.#packs;
    await packs.guarded(async () => {
      const found: FoundPack[] = [];
      for (const index of await packs.files('.index')) found.push(...(await look(index)));
      const rows = found.reduce((sum, { records }) => sum + records, 0);
      for (const table of [packs, cache.#width, cache.#height]) table.reserve(rows);
      for (const pack of found) await cache.#load(pack);
      if (limitBytes !== Infinity) cache.#headroom = limitBytes - (await packs.totalBytes());
    });
    return cache;
  }

  /** Whether the image has been decoded before, its pixels kept or not. */
  knows(key: string): boolean {
    return this.#packs.find(digestOf(key)) !== undefined;
  }

  get(key: string): Place | undefined {
    const digest = digestOf(key);
    const found = this.#packs.find(digest);
    const width = found && this.#width.get(found.row);
    if (!width) return undefined;
    const height = this.#height.get(found.row);
    return { pack: found.path, offset: found.offset, width, height, seal: sealOf(digest, width, height) };
  }

  /**
   * Appends the pixels. Returns undefined if the cache is full or the disk fails; a notice has then been emitted, once.
   */
  async add(key: string, { data, width, height }: Pixels): Promise<Place | undefined> {
    if (this.#isEnded) return undefined;
    const digest = digestOf(key);
    const bytes = checksumBytes + data.length;
    if (!(await this.#takeHeadroom(bytes))) {
      await this.#packs.guarded(async () => {
        const { number } = await (this.#own ??= this.#create());
        this.#keep(digest, number, { offset: 0, width: 0, height: 0 });
      });
      return undefined;
    }
    const offset = this.#end;
    this.#end += bytes;
    return this.#packs.guarded(async () => {
      const { number, path, pixels } = await (this.#own ??= this.#create());
      const seal = sealOf(digest, width, height);
      const checksum = Buffer.alloc(checksumBytes);
      checksum.writeUInt32LE(crc32(data, seal));
      await writeAll(pixels, checksum, offset);
      await writeAll(pixels, data, offset + checksumBytes);
      const place = { pack: path, offset, width, height, seal };
      this.#keep(digest, number, place);
      if (this.#end - this.#flushed >= portion) await this.flush();
      return place;
    });
  }

  get #isEnded(): boolean {
    return this.#isClosed || this.#packs.isBroken;
  }

  #keep(digest: Buffer, pack: number, place: Extent): void {
    this.#note(digest, 0, pack, place);
    const record = Buffer.alloc(recordBytes);
    digest.copy(record);
    record.writeDoubleLE(place.offset, digestBytes);
    record.writeUInt32LE(place.width, digestBytes + 8);
    record.writeUInt32LE(place.height, digestBytes + 12);
    this.#pending.push(record);
  }

  /** Notes where the pixels lie of the image whose digest begins at byte `at`. */
  #note(digest: Buffer, at: number, pack: number, { offset, width, height }: Extent): void {
    const row = this.#packs.note(digest, at, pack, offset);
    this.#width.set(row, width);
    this.#height.set(row, height);
  }

  /** Whether so many bytes more may be kept; the least recently used packs are removed for them. */
  async #takeHeadroom(bytes: number): Promise<boolean> {
    if (this.#headroom < bytes && !this.#isFull)
      await (this.#freeing = this.#freeing.then(() => this.#freeSpace(bytes)));
    if (this.#headroom < bytes) return false;
    this.#headroom -= bytes;
    return true;
  }

  async #freeSpace(bytes: number): Promise<void> {
    if (this.#headroom >= bytes || this.#isFull) return;
    await this.#packs.guarded(async () => {
      for await (const freed of this.#packs.evict(recentMilliseconds)) {
        this.#headroom += freed;
        if (this.#headroom >= bytes) return;
      }
      this.#isFull = true;
      this.#onNotice(errors.cacheFull(this.#limitBytes).toInfo());
    });
  }

  /** Makes everything added so far last. */
  async flush(): Promise<void> {
    const records = this.#pending.splice(0);
    this.#flushed = this.#end;
    if (records.length === 0 || !this.#own || this.#isEnded) return this.#flushing;
    const { pixels, index } = await this.#own;
    this.#flushing = this.#flushing.then(async () => {
      await this.#packs.guarded(async () => {
        await pixels.datasync();
        await index.appendFile(Buffer.concat(records));
      });
    });
    return this.#flushing;
  }

  /** Flushes and closes. */
  async close(): Promise<void> {
    await this.flush();
    await this.#packs.marked();
    const opened = this.#own;
    this.#own = undefined;
    if (opened)
      await this.#packs.guarded(async () => {
        const { pixels, index } = await opened;
        await pixels.close();
        await index.close();
      });
    this.#isClosed = true;
  }

  async #create(): Promise<OwnPack> {
    const path = this.#packs.newPath();
    const number = this.#packs.addOwn(path);
    return { number, path, pixels: await open(path, 'wx'), index: await open(indexOf(path), 'ax') };
  }

  async #load({ pack, index, bytes, records }: FoundPack): Promise<void> {
    const file = await open(index, 'r').catch(ignoreGone);
    if (!file) return;
    try {
      const number = this.#packs.add(pack);
      await readRecords(file, { count: records, bytes: recordBytes, headBytes: recordBytes }, (buffer, at) => {
        const offset = buffer.readDoubleLE(at + digestBytes);
        const width = buffer.readUInt32LE(at + digestBytes + 8);
        const height = buffer.readUInt32LE(at + digestBytes + 12);
        // A damaged record, as after a power failure, points anywhere.
        if (Number.isInteger(offset) && offset >= 0 && offset + checksumBytes + width * height * 3 <= bytes)
          this.#note(buffer, at, number, { offset, width, height });
      });
    } finally {
      await file.close();
    }
  }
}

const indexOf = (pack: string): string => pack.replace(/pack$/, 'index');

/** The pack of an index, unless nobody has used it for long. */
async function look(index: string): Promise<FoundPack[]> {
  const pack = index.replace(/index$/, 'pack');
  const found = await Promise.all([stat(pack), stat(index)]).catch((error: unknown) => {
    // Another process may remove an unused pack at this moment.
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (!found) return [];
  const [packStat, indexStat] = found;
  if (Date.now() - indexStat.mtimeMs > unusedDays * 86_400_000) {
    await rm(index, { force: true });
    await rm(pack, { force: true });
    return [];
  }
  return [{ pack, index, bytes: packStat.size, records: Math.floor(indexStat.size / recordBytes) }];
}
