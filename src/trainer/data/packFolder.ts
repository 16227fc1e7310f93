/**
 * A folder of packs: files that hold what many images were turned into, shared by runs and processes.
 *
 * It knows which packs there are and where the record of each key lies, marks the packs that are used, and removes the
 * least recently used ones. What a record holds is the business of the cache that owns the folder. Each process appends
 * to a pack of its own and reads all others; any process may remove a pack at any moment.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../core/files.js';
import { readFully } from '../core/fileBytes.js';
import { type UserError, reasonOf } from '../errors/errors.js';
import type { ErrorInfo } from '../protocol.js';
import { Column, DigestTable } from './digestTable.js';

export interface PackStatus {
  path: string;
  bytes: number;
  /** Milliseconds since 1970. */
  usedAt: number;
}

export interface PackFolderOptions {
  /** How the name of a pack ends. */
  ending: string;
  /** The files next to a pack that live and die with it, e.g. its index. */
  companions?: (pack: string) => string[];
  onNotice: (notice: ErrorInfo) => void;
  /** The notice of a disk that cannot be used. */
  unwritable: (folder: string, reason: string) => UserError;
}

/** Where a record lies. */
export interface RecordPlace {
  /** Of the table of keys; columns of the owner may hold more about the record. */
  row: number;
  /** The pack's number. */
  pack: number;
  path: string;
  offset: number;
}

/** In place of a pack's number: the record is damaged. */
const forgotten = 2 ** 32 - 1;

export class PackFolder {
  /** By number, undefined where the pack was removed. */
  readonly #paths: (string | undefined)[] = [];
  readonly #digests = new DigestTable();
  /** By row of the table: the pack's number, and the offset in it. */
  readonly #pack = new Column(new Uint32Array(64));
  readonly #offset = new Column(new Float64Array(64));
  /** Numbers of the packs that were used. */
  readonly #used = new Set<number>();
  #marking: Promise<void> = Promise.resolve();
  #isBroken = false;

  constructor(
    readonly path: string,
    private readonly o: PackFolderOptions,
  ) {}

  /** Whether the disk failed; nothing more is to be kept then. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Records known, lost ones included. */
  get rows(): number {
    return this.#digests.rows;
  }

  /** Runs a step on the disk; a fault of the disk (full, read-only, not permitted) ends the cache, not the run. */
  async guarded<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      if (!this.#isBroken) this.o.onNotice(this.o.unwritable(this.path, reasonOf(error)).toInfo());
      this.#isBroken = true;
      return undefined;
    }
  }

  /** Creates the folder if need be; the paths of its files that end so. */
  async files(ending: string): Promise<string[]> {
    await mkdir(this.path, { recursive: true });
    return (await readdir(this.path)).filter((name) => name.endsWith(ending)).map((name) => join(this.path, name));
  }

  /** A path for a new pack, which no other process has. */
  newPath(): string {
    const name = `${Date.now().toString(36)}-${String(process.pid)}-${randomBytes(4).toString('hex')}`;
    return join(this.path, name + this.o.ending);
  }

  /** Adds a pack; its number. */
  add(path: string): number {
    return this.#paths.push(path) - 1;
  }

  /** Adds the pack that this process writes, which counts as used. */
  addOwn(path: string): number {
    const pack = this.add(path);
    this.#used.add(pack);
    return pack;
  }

  /** Makes space for so many more records. */
  reserve(records: number): void {
    for (const table of [this.#digests, this.#pack, this.#offset]) table.reserve(this.rows + records);
  }

  /** Notes where the record lies whose digest begins at byte `at`; its row. */
  note(digest: Buffer, at: number, pack: number, offset: number): number {
    const row = this.#digests.add(digest, at);
    this.#pack.set(row, pack);
    this.#offset.set(row, offset);
    return row;
  }

  /** The record of a digest, whose pack then counts as used; undefined where there is none. */
  find(digest: Buffer): RecordPlace | undefined {
    const row = this.#digests.find(digest);
    if (row === undefined) return undefined;
    const pack = this.#pack.get(row);
    const path = this.#paths[pack];
    if (path === undefined) return undefined;
    if (!this.#used.has(pack)) this.#markUsed(pack, path);
    return { row, pack, path, offset: this.#offset.get(row) };
  }

  /** The record of this row is damaged: it is not found again until it is noted again. */
  forget(row: number): void {
    this.#pack.set(row, forgotten);
  }

  #markUsed(pack: number, path: string): void {
    this.#used.add(pack);
    const now = new Date();
    this.#marking = this.#marking.then(async () => {
      // A cache that may only be read is as good; that it is in use cannot be marked there, and nothing is removed
      // there either.
      for (const file of this.#filesOf(path))
        await this.guarded(() => utimes(file, now, now).catch(ignore('EROFS', 'EACCES', 'EPERM', 'ENOENT')));
    });
    this.#marking.catch(() => undefined);
  }

  #filesOf(pack: string): string[] {
    return [pack, ...(this.o.companions?.(pack) ?? [])];
  }

  /** Resolves once the packs used so far are marked. */
  marked(): Promise<void> {
    return this.#marking;
  }

  /** What the packs of this and all sibling folders take. */
  async totalBytes(): Promise<number> {
    return (await this.#siblings()).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #siblings(): Promise<PackStatus[]> {
    return packsBelow(join(this.path, '..'), this.o.ending);
  }

  /**
   * Removes packs of this and all sibling folders one by one, the least recently used first; yields the bytes that each
   * freed. Packs that this process used stay, and those in use within the last `minIdle` milliseconds.
   */
  async *evict(minIdle = -Infinity): AsyncGenerator<number> {
    await this.#marking;
    const used = new Set([...this.#used].map((pack) => this.#paths[pack]));
    const unused = (await this.#siblings()).filter(
      ({ path, usedAt }) => !used.has(path) && Date.now() - usedAt > minIdle,
    );
    for (const { path, bytes } of unused.sort((a, b) => a.usedAt - b.usedAt)) {
      // On Windows another process may hold it open.
      const isGone = await rm(path, { force: true }).then(() => true, ignore('EBUSY', 'EPERM'));
      if (!isGone) continue;
      for (const file of this.#filesOf(path)) await rm(file, { force: true });
      const pack = this.#paths.indexOf(path);
      if (pack >= 0) this.#paths[pack] = undefined;
      yield bytes;
    }
  }
}

/** Bytes of records that are read at once. */
const bytesAtOnce = 2 ** 19;
/** From this size on a record is more than its beginning is worth reading. */
const largeRecord = 2 ** 16;

/**
 * Reads the beginnings of records of one size, end to end: `visit` gets a buffer, where in it a record begins, and the
 * record's offset in the file. Ends early where the file does.
 */
export async function readRecords(
  file: FileHandle,
  { count, bytes, headBytes }: { count: number; bytes: number; headBytes: number },
  visit: (buffer: Buffer, at: number, offset: number) => void,
): Promise<void> {
  const atOnce = bytes < largeRecord ? Math.floor(bytesAtOnce / bytes) : 1;
  const spanOf = (records: number): number => (records - 1) * bytes + headBytes;
  const buffer = Buffer.alloc(spanOf(Math.max(1, Math.min(atOnce, count))));
  for (let first = 0; first < count; first += atOnce) {
    const here = Math.min(atOnce, count - first);
    if (!(await readFully(file, buffer.subarray(0, spanOf(here)), first * bytes))) return;
    for (let i = 0; i < here; i++) visit(buffer, i * bytes, (first + i) * bytes);
  }
}

/** Every file below `root` whose name ends so. */
export async function packsBelow(root: string, ending: string): Promise<PackStatus[]> {
  const names = await readdir(root, { recursive: true }).catch(ignoreGone);
  const found = await Promise.all(
    (names ?? [])
      .filter((name) => name.endsWith(ending))
      .map(async (name) => {
        const path = join(root, name);
        const status = await stat(path).catch(ignoreGone);
        return status ? [{ path, bytes: status.size, usedAt: status.mtimeMs }] : [];
      }),
  );
  return found.flat();
}

/** Handles errors of the file system by letting those pass that have one of these codes. */
const ignore =
  (...codes: string[]) =>
  (error: unknown): undefined => {
    if (!codes.includes(codeOf(error) ?? '')) throw error;
  };

/** Another process may remove a pack at any moment. */
export const ignoreGone = ignore('ENOENT');
