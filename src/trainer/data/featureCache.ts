/**
 * The feature cache: what a frozen network computes of images, in files on disk shared by runs and processes, bounded
 * in size.
 *
 * A folder holds the features of one network (its name says which), all of one length. A pack `NAME.features` is
 * appended to by the one process that made it, and read by all: records of one size end to end, each the first 16 bytes
 * of the SHA-256 of the key, a CRC-32 of those and the numbers, and the numbers as little-endian f32. A record proves
 * itself, so whatever a crash or a damaged disk leaves is passed over and recomputed.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { readFully, writeAll } from '../core/fileBytes.js';
import { errors } from '../errors/errors.js';
import type { ErrorInfo } from '../protocol.js';
import { digestBytes as keyBytes, digestOf } from './digestTable.js';
import { ignoreGone, PackFolder, packsBelow, type PackStatus, readRecords } from './packFolder.js';

const ending = '.features';
const headBytes = keyBytes + 4;

export interface FeatureCacheOptions {
  /** Numbers in a record. */
  length: number;
  /** Of all packs in `root` together, other networks' included. */
  limitBytes: number;
  /** Called once if the disk cannot be used; nothing is kept from then on. */
  onNotice: (notice: ErrorInfo) => void;
}

export class FeatureCache {
  readonly #packs: PackFolder;
  /** By number of the pack. */
  readonly #handles: FileHandle[] = [];
  readonly #recordBytes: number;
  #own: Promise<number> | undefined;
  #end = 0;
  #isClosed = false;
  /** Numbers of the packs with a damaged record, which are reported once. */
  readonly #damaged = new Set<number>();

  private constructor(
    folder: string,
    private readonly o: FeatureCacheOptions,
  ) {
    this.#packs = new PackFolder(folder, { ending, onNotice: o.onNotice, unwritable: errors.featuresUnwritable });
    this.#recordBytes = headBytes + 4 * o.length;
  }

  /** Opens the features of the network `name` below `root`. */
  static async open(root: string, name: string, o: FeatureCacheOptions): Promise<FeatureCache> {
    const cache = new FeatureCache(join(root, name), o);
    await cache.#packs.guarded(async () => {
      for (const path of await cache.#packs.files(ending)) await cache.#load(path);
    });
    return cache;
  }

  /** Whether nothing is kept. */
  get isEmpty(): boolean {
    return this.#packs.rows === 0;
  }

  get #isEnded(): boolean {
    return this.#isClosed || this.#packs.isBroken;
  }

  has(key: string): boolean {
    return !this.#isClosed && this.#packs.find(digestOf(key)) !== undefined;
  }

  /** The numbers kept under `key`; undefined where there are none, or they are damaged or gone. */
  async get(key: string): Promise<Float32Array | undefined> {
    if (this.#isClosed) return undefined;
    const digest = digestOf(key);
    const place = this.#packs.find(digest);
    if (!place) return undefined;
    const record = Buffer.alloc(this.#recordBytes);
    const isWhole = await readFully(this.#handles[place.pack]!, record, place.offset).catch(() => false);
    if (isWhole && record.readUInt32LE(keyBytes) === checksum(record) && record.subarray(0, keyBytes).equals(digest)) {
      return new Float32Array(record.buffer, record.byteOffset + headBytes, this.o.length);
    }
    this.#packs.forget(place.row);
    if (!this.#damaged.has(place.pack)) this.o.onNotice(errors.cacheDamaged(place.path).toInfo());
    this.#damaged.add(place.pack);
    return undefined;
  }

  /** Keeps the numbers under `key`, where the disk takes them. */
  async add(key: string, data: Float32Array): Promise<void> {
    if (this.#isEnded) return;
    const digest = digestOf(key);
    const record = new Uint8Array(this.#recordBytes);
    record.set(digest);
    record.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), headBytes);
    new DataView(record.buffer).setUint32(keyBytes, checksum(record), true);
    const offset = this.#end;
    this.#end += record.length;
    await this.#packs.guarded(async () => {
      const pack = await (this.#own ??= this.#create());
      await writeAll(this.#handles[pack]!, record, offset);
      this.#packs.note(digest, 0, pack, offset);
    });
  }

  /**
   * Frees space for so many more records: the least recently used packs of any network are removed; used packs of this
   * run stay.
   */
  async reserve(records: number): Promise<void> {
    if (this.#isEnded) return;
    await this.#packs.guarded(async () => {
      let excess = (await this.#packs.totalBytes()) + records * this.#recordBytes - this.o.limitBytes;
      if (excess <= 0) return;
      for await (const freed of this.#packs.evict()) if ((excess -= freed) <= 0) return;
    });
  }

  async close(): Promise<void> {
    await this.#packs.marked();
    this.#isClosed = true;
    for (const handle of this.#handles.splice(0)) await handle.close();
  }

  async #create(): Promise<number> {
    const path = this.#packs.newPath();
    const handle = await open(path, 'wx+');
    const pack = this.#packs.addOwn(path);
    this.#handles[pack] = handle;
    return pack;
  }

  async #load(path: string): Promise<void> {
    // Another process may remove an old pack at this moment.
    const handle = await open(path, 'r').catch(ignoreGone);
    if (!handle) return;
    const pack = this.#packs.add(path);
    this.#handles[pack] = handle;
    const bytes = this.#recordBytes;
    const count = Math.floor((await handle.stat()).size / bytes);
    this.#packs.reserve(count);
    await readRecords(handle, { count, bytes, headBytes: keyBytes }, (buffer, at, offset) => {
      this.#packs.note(buffer, at, pack, offset);
    });
  }
}

/** Every pack below `root`, of whichever network. */
export const featurePacks = (root: string): Promise<PackStatus[]> => packsBelow(root, ending);

const checksum = (record: Uint8Array): number => crc32(record.subarray(headBytes), crc32(record.subarray(0, keyBytes)));
