/**
 * The feature cache: what a frozen network says of images, in files on disk shared by runs and processes, bounded in
 * size.
 *
 * A folder holds the features of one network (its name says which), all of one length. A pack `NAME.features` is
 * appended to by the one process that made it, and read by all: records of one size end to end, each the first 16 bytes
 * of the SHA-256 of the key, a CRC-32 of those and the numbers, and the numbers as little-endian f32. A record proves
 * itself, so whatever a crash or a damaged disk leaves is passed over and made again.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { errors, reasonOf } from '../errors/errors.js';
import type { ErrorInfo } from '../protocol.js';
import { ignoreGone, packsBelow, type PackStatus } from './packs.js';
import { Column, digestBytes as keyBytes, digestOf, DigestTable } from './digestTable.js';

const ending = '.features';
const headBytes = keyBytes + 4;
/** Records below this size are read many at a time while only their keys are wanted. */
const smallRecord = 65_536;
const portion = 2 ** 22;

interface Pack {
  number: number;
  path: string;
  handle: FileHandle;
}

/** In place of the pack's number: the row's record is damaged or gone. */
const lost = 2 ** 32 - 1;

export interface FeatureCacheOptions {
  /** Numbers in a record. */
  length: number;
  /** Of all packs in `root` together, other networks' included. */
  limitBytes: number;
  /** Called once if the disk cannot be used; nothing is kept from then on. */
  onNotice: (notice: ErrorInfo) => void;
}

export class FeatureCache {
  readonly #packs: Pack[] = [];
  /** By row of the table: the number of the pack, and the offset in it. */
  readonly #digests = new DigestTable();
  readonly #pack = new Column(new Uint32Array(64));
  readonly #offset = new Column(new Float64Array(64));
  readonly #recordBytes: number;
  #own: Promise<Pack> | undefined;
  #end = 0;
  #isBroken = false;
  /** Packs that were used, and their marks on the way to the disk. */
  readonly #used = new Set<Pack>();
  /** Packs with a damaged record, which are reported once. */
  readonly #damaged = new Set<Pack>();
  #marking: Promise<void> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private readonly o: FeatureCacheOptions,
  ) {
    this.#recordBytes = headBytes + 4 * o.length;
  }

  /** Opens the features of the network `name` below `root`. */
  static async open(root: string, name: string, o: FeatureCacheOptions): Promise<FeatureCache> {
    const cache = new FeatureCache(join(root, name), o);
    await cache.#guarded(async () => {
      await mkdir(cache.folder, { recursive: true });
      for (const file of await readdir(cache.folder))
        if (file.endsWith(ending)) await cache.#load(join(cache.folder, file));
    });
    return cache;
  }

  /** Whether nothing is kept. */
  get isEmpty(): boolean {
    return this.#digests.rows === 0;
  }

  has(key: string): boolean {
    return this.#placeOf(digestOf(key)) !== undefined;
  }

  #placeOf(digest: Buffer): { row: number; pack: Pack; offset: number } | undefined {
    const row = this.#digests.find(digest);
    const pack = row === undefined ? undefined : this.#packs[this.#pack.get(row)];
    if (row === undefined || !pack) return undefined;
    if (!this.#used.has(pack)) this.#markUsed(pack);
    return { row, pack, offset: this.#offset.get(row) };
  }

  #markUsed(pack: Pack): void {
    this.#used.add(pack);
    const now = new Date();
    this.#marking = this.#marking.then(() => this.#guarded(() => utimes(pack.path, now, now).catch(ignoreGone)));
    this.#marking.catch(() => undefined);
  }

  /** Notes where the record lies whose digest begins at byte `at`. */
  #note(digest: Buffer, at: number, pack: Pack, offset: number): void {
    const row = this.#digests.add(digest, at);
    this.#pack.set(row, pack.number);
    this.#offset.set(row, offset);
  }

  /** The numbers kept under `key`; undefined where there are none, or they are damaged or gone. */
  async get(key: string): Promise<Float32Array | undefined> {
    const digest = digestOf(key);
    const place = this.#placeOf(digest);
    if (!place) return undefined;
    const record = Buffer.alloc(this.#recordBytes);
    const isWhole = await readFully(place.pack.handle, record, place.offset).catch(() => false);
    if (isWhole && record.readUInt32LE(keyBytes) === checksum(record) && record.subarray(0, keyBytes).equals(digest)) {
      return new Float32Array(record.buffer, record.byteOffset + headBytes, this.o.length);
    }
    this.#pack.set(place.row, lost);
    if (!this.#damaged.has(place.pack)) this.o.onNotice(errors.cacheDamaged(place.pack.path).toInfo());
    this.#damaged.add(place.pack);
    return undefined;
  }

  /** Keeps the numbers under `key`, where the disk takes them. */
  async add(key: string, data: Float32Array): Promise<void> {
    if (this.#isBroken) return;
    const digest = digestOf(key);
    const record = new Uint8Array(this.#recordBytes);
    record.set(digest);
    record.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), headBytes);
    new DataView(record.buffer).setUint32(keyBytes, checksum(record), true);
    const offset = this.#end;
    this.#end += record.length;
    await this.#guarded(async () => {
      const pack = await (this.#own ??= this.#create());
      await writeFully(pack.handle, record, offset);
      this.#note(digest, 0, pack, offset);
    });
  }

  /**
   * Frees space for so many more records: the least recently used packs of any network are removed; used packs of this
   * run stay.
   */
  async reserve(records: number): Promise<void> {
    await this.#guarded(async () => {
      await this.#marking;
      const used = new Set([...this.#used].map(({ path }) => path));
      const packs = await featurePacks(join(this.folder, '..'));
      let total = packs.reduce((sum, { bytes }) => sum + bytes, records * this.#recordBytes);
      for (const { path, bytes } of packs.sort((a, b) => a.usedAt - b.usedAt)) {
        if (total <= this.o.limitBytes) return;
        if (used.has(path)) continue;
        await rm(path, { force: true });
        for (let row = 0; row < this.#digests.rows; row++)
          if (this.#packs[this.#pack.get(row)]?.path === path) this.#pack.set(row, lost);
        total -= bytes;
      }
    });
  }

  async close(): Promise<void> {
    await this.#marking;
    this.#isBroken = true;
    for (const { handle } of this.#packs.splice(0)) await handle.close();
  }

  async #create(): Promise<Pack> {
    const path = join(
      this.folder,
      `${Date.now().toString(36)}-${String(process.pid)}-${randomBytes(4).toString('hex')}${ending}`,
    );
    return this.#opened(path, await open(path, 'wx+'));
  }

  #opened(path: string, handle: FileHandle): Pack {
    const pack = { number: this.#packs.length, path, handle };
    this.#packs.push(pack);
    return pack;
  }

  async #load(path: string): Promise<void> {
    // Another process may remove an old pack at this moment.
    const handle = await open(path, 'r').catch(ignoreGone);
    if (!handle) return;
    const pack = this.#opened(path, handle);
    const count = Math.floor((await handle.stat()).size / this.#recordBytes);
    for (const table of [this.#digests, this.#pack, this.#offset]) table.reserve(this.#digests.rows + count);
    const atOnce = this.#recordBytes < smallRecord ? Math.floor(portion / this.#recordBytes) : 1;
    for (let first = 0; first < count; first += atOnce) {
      const here = Math.min(atOnce, count - first);
      const bytes = Buffer.alloc((here - 1) * this.#recordBytes + keyBytes);
      if (!(await readFully(handle, bytes, first * this.#recordBytes))) return;
      for (let i = 0; i < here; i++) {
        this.#note(bytes, i * this.#recordBytes, pack, (first + i) * this.#recordBytes);
      }
    }
  }

  /** Runs a step on the disk; a fault of the disk ends the cache, not the run. */
  async #guarded(step: () => Promise<void>): Promise<void> {
    if (this.#isBroken) return;
    try {
      await step();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      if (!this.#isBroken) this.o.onNotice(errors.featuresUnwritable(this.folder, reasonOf(error)).toInfo());
      this.#isBroken = true;
    }
  }
}

/** Every pack below `root`, of whichever network. */
export const featurePacks = (root: string): Promise<PackStatus[]> => packsBelow(root, ending);

const checksum = (record: Uint8Array): number => crc32(record.subarray(headBytes), crc32(record.subarray(0, keyBytes)));

/** Whether the file was long enough. */
async function readFully(file: FileHandle, target: Uint8Array, position: number): Promise<boolean> {
  for (let done = 0; done < target.length;) {
    const { bytesRead } = await file.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

async function writeFully(file: FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < data.length;)
    done += (await file.write(data, done, data.length - done, position + done)).bytesWritten;
}
