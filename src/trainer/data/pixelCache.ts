/**
 * The decoded cache: pixels of pictures in pack files on disk, so that later epochs and runs read no JPEG.
 *
 * A pack is appended to by the one process that made it, and read by all. `NAME.pack` holds pixels end to end; `NAME.index` holds one JSON array
 * a line, `[digest, offset, width, height]`, the digest of a picture's key in hexadecimal. A line is written only after the pixels it names have reached the disk, so a process killed at any
 * moment leaves at most bytes without a line, or half a line, and both are passed over.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { errors, reasonOf } from '../errors.js';
import type { ErrorInfo } from '../protocol.js';
import type { Pixels } from './decode.js';
import { Column, digestBytes, digestOf, DigestTable } from './digestTable.js';

/** Where the pixels of a picture lie: `height * width * 3` bytes at `offset` of the file `pack`. */
export interface Place {
  pack: string;
  offset: number;
  width: number;
  height: number;
}

/** Pixels reach the disk, and the index, in portions of this many bytes: what a killed process has to decode again. */
const portion = 2 ** 25;
/** A pack that no run has opened for so long is removed. */
const unusedDays = 30;

export class PixelCache {
  readonly #folder: string;
  readonly #onNotice: (notice: ErrorInfo) => void;
  /** The packs by number, and what is in them: by row of the table, the pack's number, the offset in it and the picture's size. */
  readonly #packs: string[] = [];
  readonly #digests = new DigestTable();
  readonly #pack = new Column(new Uint32Array(64));
  readonly #offset = new Column(new Float64Array(64));
  readonly #width = new Column(new Uint32Array(64));
  readonly #height = new Column(new Uint32Array(64));
  readonly #name = `${Date.now().toString(36)}-${String(process.pid)}-${randomBytes(4).toString('hex')}`;
  #own: Promise<{ number: number; pixels: FileHandle; index: FileHandle }> | undefined;
  #end = 0;
  #flushed = 0;
  /** Entries that are written, but not yet in the index. */
  #pending: string[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #broken = false;

  private constructor(folder: string, onNotice: (notice: ErrorInfo) => void) {
    this.#folder = folder;
    this.#onNotice = onNotice;
  }

  /** A folder that cannot be made or read is told by a notice; the cache is then empty and keeps nothing. */
  static async open(folder: string, onNotice: (notice: ErrorInfo) => void): Promise<PixelCache> {
    const cache = new PixelCache(folder, onNotice);
    await cache.#guarded(async () => {
      await mkdir(folder, { recursive: true });
      for (const name of await readdir(folder)) if (name.endsWith('.index')) await cache.#load(name.slice(0, -'.index'.length));
    });
    return cache;
  }

  get(key: string): Place | undefined {
    const row = this.#digests.find(digestOf(key));
    if (row === undefined) return undefined;
    return { pack: this.#packs[this.#pack.get(row)]!, offset: this.#offset.get(row), width: this.#width.get(row), height: this.#height.get(row) };
  }

  /** Appends the pixels. Undefined where the disk does not take them: a notice has then been given, once, and nothing more is written. */
  async add(key: string, { data, width, height }: Pixels): Promise<Place | undefined> {
    if (this.#broken) return undefined;
    const offset = this.#end;
    this.#end += data.length;
    return this.#guarded(async () => {
      const { number, pixels } = await (this.#own ??= this.#create());
      await writeAll(pixels, data, offset);
      const place = { pack: this.#packs[number]!, offset, width, height };
      const digest = digestOf(key);
      this.#note(digest, number, place);
      this.#pending.push(`${JSON.stringify([digest.toString('hex'), offset, width, height])}\n`);
      if (this.#end - this.#flushed >= portion) await this.flush();
      return place;
    });
  }

  #note(digest: Buffer, pack: number, { offset, width, height }: Omit<Place, 'pack'>): void {
    const row = this.#digests.add(digest);
    this.#pack.set(row, pack);
    this.#offset.set(row, offset);
    this.#width.set(row, width);
    this.#height.set(row, height);
  }

  /** Makes everything added so far last. */
  async flush(): Promise<void> {
    const lines = this.#pending.splice(0);
    this.#flushed = this.#end;
    if (lines.length === 0 || !this.#own || this.#broken) return this.#flushing;
    const { pixels, index } = await this.#own;
    this.#flushing = this.#flushing.then(async () => {
      await this.#guarded(async () => {
        await pixels.datasync();
        await index.appendFile(lines.join(''));
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
    return { number, pixels: await open(this.#file('pack'), 'wx'), index: await open(this.#file('index'), 'ax') };
  }

  async #load(name: string): Promise<void> {
    const pack = this.#file('pack', name);
    const index = this.#file('index', name);
    const found = await Promise.all([stat(pack), stat(index)]).catch((error: NodeJS.ErrnoException) => error);
    // Another process may remove an unused pack at this moment.
    if (found instanceof Error) {
      if (found.code === 'ENOENT') return;
      throw found;
    }
    const [packStat, indexStat] = found;
    if (Date.now() - indexStat.mtimeMs > unusedDays * 86_400_000) {
      await rm(index, { force: true });
      await rm(pack, { force: true });
      return;
    }
    const number = this.#packs.push(pack) - 1;
    for await (const line of linesOf(index)) {
      const entry = parseEntry(line);
      if (entry && entry.place.offset + entry.place.width * entry.place.height * 3 <= packStat.size) this.#note(entry.digest, number, entry.place);
    }
    const now = new Date();
    // A cache that may only be read is as good; that it is in use cannot be marked there, and nothing is removed there either.
    await utimes(index, now, now).catch((error: NodeJS.ErrnoException) => {
      if (!['EROFS', 'EACCES', 'EPERM'].includes(error.code ?? '')) throw error;
    });
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

async function writeAll(file: FileHandle, data: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    const { bytesWritten } = await file.write(data, done, data.length - done, offset + done);
    done += bytesWritten;
  }
}

/** The lines of a file of ASCII, one portion of it in memory at a time; what follows the last line end is a line cut short, or nothing. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: 2 ** 20 })) {
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
}

/** An index line; undefined where it is damaged, as after a power failure: the cache can always be made anew. */
function parseEntry(line: string): { digest: Buffer; place: Omit<Place, 'pack'> } | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    return undefined;
  }
  const [key, offset, width, height] = Array.isArray(fields) ? (fields as unknown[]) : [];
  const counts = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  const digest = Buffer.from(typeof key === 'string' ? key : '', 'hex');
  if (digest.length !== digestBytes || !counts(offset) || !counts(width) || !counts(height)) return undefined;
  return { digest, place: { offset, width, height } };
}
