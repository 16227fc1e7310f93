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
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm, stat, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { errors, reasonOf } from '../errors/errors.js';
import type { ErrorInfo } from '../protocol.js';
import type { Pixels } from './decode.js';
import { Column, digestBytes, digestOf, DigestTable } from './digestTable.js';
import { ignoreGone, packsBelow } from './packs.js';

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
/** Records read at once. */
const recordsAtOnce = 2 ** 14;
/** Pixels reach the disk, and the index, in portions of this many bytes: what a killed process has to decode again. */
const portion = 2 ** 25;
/** A pack that no run has used for so long is removed. */
const unusedDays = 30;
/** A pack used since then may be another process's: it is not removed to make room. */
const recentMilliseconds = 3_600_000;

/** A pack of another process, or of another run, with its sizes when it was looked at. */
interface FoundPack {
  pack: string;
  index: string;
  bytes: number;
  records: number;
}

export class PixelCache {
  readonly #folder: string;
  readonly #onNotice: (notice: ErrorInfo) => void;
  /**
   * The packs by number, empty where one was removed, and what is in them: by row of the table, the pack's number, the
   * offset in it and the image's size.
   */
  readonly #packs: string[] = [];
  readonly #digests = new DigestTable();
  readonly #pack = new Column(new Uint32Array(64));
  readonly #offset = new Column(new Float64Array(64));
  readonly #width = new Column(new Uint32Array(64));
  readonly #height = new Column(new Uint32Array(64));
  readonly #tables = [this.#digests, this.#pack, this.#offset, this.#width, this.#height];
  readonly #name = `${Date.now().toString(36)}-${String(process.pid)}-${randomBytes(4).toString('hex')}`;
  #own: Promise<{ number: number; pixels: FileHandle; index: FileHandle }> | undefined;
  #end = 0;
  #flushed = 0;
  /** Entries that are written, but not yet in the index. */
  #pending: Buffer[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #broken = false;
  /** Numbers of the packs that were used. */
  readonly #used = new Set<number>();
  readonly #limitBytes: number;
  /** Bytes that the packs of all transforms may still grow by. */
  #headroom = Infinity;
  #makingRoom: Promise<void> = Promise.resolve();
  #isFull = false;

  private constructor(folder: string, onNotice: (notice: ErrorInfo) => void, limitBytes: number) {
    this.#folder = folder;
    this.#onNotice = onNotice;
    this.#limitBytes = limitBytes;
  }

  /**
   * A folder that cannot be created or read is reported by a notice; the cache is then empty and keeps nothing.
   * `limitBytes` limits the total size of the packs of this and all sibling folders.
   */
  static async open(folder: string, onNotice: (notice: ErrorInfo) => void, limitBytes = Infinity): Promise<PixelCache> {
    const cache = new PixelCache(folder, onNotice, limitBytes);
    await cache.#guarded(async () => {
      await mkdir(folder, { recursive: true });
      const names = (await readdir(folder))
        .filter((name) => name.endsWith('.index'))
        .map((name) => name.slice(0, -'.index'.length));
      const found: FoundPack[] = [];
      for (const name of names) found.push(...(await cache.#look(name)));
      const rows = found.reduce((sum, { records }) => sum + records, 0);
      for (const table of cache.#tables) table.reserve(rows);
      for (const pack of found) await cache.#load(pack);
      const packs = limitBytes === Infinity ? [] : await packsBelow(join(folder, '..'), '.pack');
      cache.#headroom = limitBytes - packs.reduce((sum, { bytes }) => sum + bytes, 0);
    });
    return cache;
  }

  /** Whether the image has been decoded before, its pixels kept or not. */
  knows(key: string): boolean {
    return this.#rowOf(key) !== undefined;
  }

  get(key: string): Place | undefined {
    const digest = digestOf(key);
    const row = this.#rowOf(key, digest);
    const width = row === undefined ? 0 : this.#width.get(row);
    if (row === undefined || !width) return undefined;
    const height = this.#height.get(row);
    return {
      pack: this.#packs[this.#pack.get(row)]!,
      offset: this.#offset.get(row),
      width,
      height,
      seal: sealOf(digest, width, height),
    };
  }

  #rowOf(key: string, digest = digestOf(key)): number | undefined {
    const row = this.#digests.find(digest);
    if (row === undefined) return undefined;
    const number = this.#pack.get(row);
    const pack = this.#packs[number];
    if (!pack) return undefined;
    if (!this.#used.has(number)) this.#markUsed(number, pack);
    return row;
  }

  #markUsed(number: number, pack: string): void {
    this.#used.add(number);
    const now = new Date();
    const files = [pack, indexOf(pack)];
    this.#flushing = this.#flushing.then(async () => {
      // A cache that may only be read is as good; that it is in use cannot be marked there, and nothing is removed
      // there either.
      for (const file of files) await utimes(file, now, now).catch(ignore('EROFS', 'EACCES', 'EPERM', 'ENOENT'));
    });
    this.#flushing.catch(() => undefined);
  }

  /**
   * Appends the pixels. Returns undefined if the cache is full or the disk fails; a notice has then been emitted, once.
   */
  async add(key: string, { data, width, height }: Pixels): Promise<Place | undefined> {
    if (this.#broken) return undefined;
    const digest = digestOf(key);
    const bytes = checksumBytes + data.length;
    if (!(await this.#takeRoom(bytes))) {
      await this.#guarded(async () => {
        const { number } = await (this.#own ??= this.#create());
        this.#keep(digest, number, { offset: 0, width: 0, height: 0 });
      });
      return undefined;
    }
    const offset = this.#end;
    this.#end += bytes;
    return this.#guarded(async () => {
      const { number, pixels } = await (this.#own ??= this.#create());
      const seal = sealOf(digest, width, height);
      const checksum = Buffer.alloc(checksumBytes);
      checksum.writeUInt32LE(crc32(data, seal));
      await writeAll(pixels, checksum, offset);
      await writeAll(pixels, data, offset + checksumBytes);
      const place = { pack: this.#packs[number]!, offset, width, height, seal };
      this.#keep(digest, number, place);
      if (this.#end - this.#flushed >= portion) await this.flush();
      return place;
    });
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

  /** Whether so many bytes more may be kept; packs that nobody has used for longest go for them. */
  async #takeRoom(bytes: number): Promise<boolean> {
    if (this.#headroom < bytes && !this.#isFull)
      await (this.#makingRoom = this.#makingRoom.then(() => this.#makeRoom(bytes)));
    if (this.#headroom < bytes) return false;
    this.#headroom -= bytes;
    return true;
  }

  async #makeRoom(bytes: number): Promise<void> {
    if (this.#headroom >= bytes || this.#isFull) return;
    await this.#guarded(async () => {
      const mine = new Set([...this.#used].map((number) => this.#packs[number]));
      const packs = (await packsBelow(join(this.#folder, '..'), '.pack')).filter(
        ({ path, usedAt }) => !mine.has(path) && Date.now() - usedAt > recentMilliseconds,
      );
      for (const pack of packs.sort((a, b) => a.usedAt - b.usedAt)) {
        if (this.#headroom >= bytes) return;
        // On Windows another process may hold it open.
        const isGone = await rm(pack.path, { force: true }).then(() => true, ignore('EBUSY', 'EPERM'));
        if (!isGone) continue;
        await rm(indexOf(pack.path), { force: true });
        const number = this.#packs.indexOf(pack.path);
        if (number >= 0) this.#packs[number] = '';
        this.#headroom += pack.bytes;
      }
      this.#isFull = this.#headroom < bytes;
      if (this.#isFull) this.#onNotice(errors.cacheFull(this.#limitBytes).toInfo());
    });
  }

  /** Notes where the pixels lie of the image whose digest begins at byte `at`. */
  #note(digest: Buffer, at: number, pack: number, { offset, width, height }: Extent): void {
    const row = this.#digests.add(digest, at);
    this.#pack.set(row, pack);
    this.#offset.set(row, offset);
    this.#width.set(row, width);
    this.#height.set(row, height);
  }

  /** Makes everything added so far last. */
  async flush(): Promise<void> {
    const records = this.#pending.splice(0);
    this.#flushed = this.#end;
    if (records.length === 0 || !this.#own || this.#broken) return this.#flushing;
    const { pixels, index } = await this.#own;
    this.#flushing = this.#flushing.then(async () => {
      await this.#guarded(async () => {
        await pixels.datasync();
        await index.appendFile(Buffer.concat(records));
      });
    });
    return this.#flushing;
  }

  /** Flushes and closes. */
  async close(): Promise<void> {
    await this.flush();
    const opened = this.#own;
    this.#own = undefined;
    if (opened)
      await this.#guarded(async () => {
        const { pixels, index } = await opened;
        await pixels.close();
        await index.close();
      });
    this.#broken = true;
  }

  #file(kind: 'pack' | 'index', name = this.#name): string {
    return join(this.#folder, `${name}.${kind}`);
  }

  async #create(): Promise<{ number: number; pixels: FileHandle; index: FileHandle }> {
    const number = this.#packs.push(this.#file('pack')) - 1;
    this.#used.add(number);
    return { number, pixels: await open(this.#file('pack'), 'wx'), index: await open(this.#file('index'), 'ax') };
  }

  /** A pack that is there, unless nobody has used it for long. */
  async #look(name: string): Promise<FoundPack[]> {
    const pack = this.#file('pack', name);
    const index = this.#file('index', name);
    const found = await Promise.all([stat(pack), stat(index)]).catch((error: NodeJS.ErrnoException) => error);
    // Another process may remove an unused pack at this moment.
    if (found instanceof Error) {
      if (found.code === 'ENOENT') return [];
      throw found;
    }
    const [packStat, indexStat] = found;
    if (Date.now() - indexStat.mtimeMs > unusedDays * 86_400_000) {
      await rm(index, { force: true });
      await rm(pack, { force: true });
      return [];
    }
    return [{ pack, index, bytes: packStat.size, records: Math.floor(indexStat.size / recordBytes) }];
  }

  async #load({ pack, index, bytes, records }: FoundPack): Promise<void> {
    const file = await open(index, 'r').catch(ignoreGone);
    if (!file) return;
    try {
      const number = this.#packs.push(pack) - 1;
      const buffer = Buffer.alloc(recordBytes * Math.min(records, recordsAtOnce));
      for (let done = 0; done < records;) {
        const { bytesRead } = await file.read(
          buffer,
          0,
          recordBytes * Math.min(records - done, recordsAtOnce),
          recordBytes * done,
        );
        const count = Math.floor(bytesRead / recordBytes);
        if (!count) return;
        for (let at = 0; at < recordBytes * count; at += recordBytes) {
          const offset = buffer.readDoubleLE(at + digestBytes);
          const width = buffer.readUInt32LE(at + digestBytes + 8);
          const height = buffer.readUInt32LE(at + digestBytes + 12);
          // A damaged record, as after a power failure, points anywhere.
          if (Number.isInteger(offset) && offset >= 0 && offset + checksumBytes + width * height * 3 <= bytes)
            this.#note(buffer, at, number, { offset, width, height });
        }
        done += count;
      }
    } finally {
      await file.close();
    }
  }

  /** Runs a step on the disk; a fault of the disk (full, read-only, not permitted) ends the cache, not the run. */
  async #guarded<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      if (!this.#broken) this.#onNotice(errors.cacheUnwritable(this.#folder, reasonOf(error)).toInfo());
      this.#broken = true;
      return undefined;
    }
  }
}

const indexOf = (pack: string): string => pack.replace(/pack$/, 'index');

/** Handles errors of the file system by letting those pass that have one of these codes. */
const ignore =
  (...codes: string[]) =>
  (error: NodeJS.ErrnoException): void => {
    if (!codes.includes(error.code ?? '')) throw error;
  };

async function writeAll(file: FileHandle, data: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    const { bytesWritten } = await file.write(data, done, data.length - done, offset + done);
    done += bytesWritten;
  }
}
