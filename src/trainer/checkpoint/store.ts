/**
 * Saving that leaves either the old or the new on disk, never a part: files, checkpoint folders, the pointers `last`
 * and `best`.
 */
import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removePatiently, renamePatiently } from '../core/renamePatiently.js';
import { nameUnfitForWindows } from '../core/windowsName.js';
import { errors, reasonOf } from '../errors/errors.js';

/** What is not yet, or no longer, in place has a name that begins so. */
const temporary = '.unfinished-';
let counter = 0;

const besides = (target: string): string =>
  join(dirname(target), `${temporary}${basename(target)}-${process.pid}-${counter++}`);

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;
const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/**
 * Turns an error of the file system while `target` is written into a UserError; anything else is a bug and is returned
 * unchanged.
 */
export function asSaveError(error: unknown, target: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('errno' in error)) return error;
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return errors.notSaved.diskFull(target);
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return errors.notSaved.notWritable(target);
    default:
      return errors.notSaved.other(target, reasonOf(error));
  }
}

/** @throws UserError where Windows would make a folder of this name that most programs can neither open nor delete. */
export function requireName(target: string, platform: NodeJS.Platform = process.platform): void {
  const part = platform === 'win32' ? nameUnfitForWindows(target) : undefined;
  if (part !== undefined) throw errors.notSaved.nameUnfit(target, part);
}

async function sync(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the names in a folder durable. Windows knows no such thing, and refuses to open a folder. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform !== 'win32') await sync(folder, 'r');
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else await sync(path, 'r+');
  }
  await syncFolder(folder);
}

/** Runs `fill` on a temporary path next to `target`, which then replaces the target; on failure nothing has changed. */
async function atomically(target: string, fill: (path: string) => Promise<void>): Promise<void> {
  const path = besides(target);
  try {
    await mkdir(dirname(target), { recursive: true });
    try {
      await fill(path);
    } catch (error) {
      await removePatiently(path);
      throw error;
    }
    await syncFolder(dirname(target));
  } catch (error) {
    throw asSaveError(error, target);
  }
}

/**
 * Writes a file so that its old or its new content is there at any moment.
 * @throws UserError when the disk is full or does not let us; the old content stays.
 */
export async function writeFileAtomically(target: string, content: string | Uint8Array): Promise<void> {
  await atomically(target, async (path) => {
    const handle = await open(path, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renamePatiently(path, target);
  });
}

/**
 * Creates a folder with what `write` puts into it, all or nothing; a folder of that name is replaced.
 * @throws UserError when the disk is full or does not let us; what was there stays. What `write` throws besides is
 *   passed on.
 */
export async function writeFolderAtomically(target: string, write: (folder: string) => Promise<void>): Promise<void> {
  requireName(target);
  await atomically(target, async (path) => {
    await mkdir(path);
    await write(path);
    await syncTree(path);
    // A folder cannot be renamed over a full one. The moment without either is safe: `last` points to it only
    // afterwards.
    const old = besides(target);
    const hadOld = await renamePatiently(target, old).then(
      () => true,
      (error: unknown) => {
        if (isMissing(error)) return false;
        throw error;
      },
    );
    try {
      await renamePatiently(path, target);
    } catch (error) {
      if (hadOld) await renamePatiently(old, target);
      throw error;
    }
    await removePatiently(old);
  });
}

const checkpointsOf = (run: string): string => join(run, 'checkpoints');

export function checkpointFolder(run: string, step: number): string {
  return join(checkpointsOf(run), String(step));
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}

/**
 * Removes what killed writers left in a run folder. Only for the holder of the run's lock: another writer's work would
 * go too.
 */
export async function clearUnfinished(run: string): Promise<void> {
  for (const folder of [run, checkpointsOf(run)]) {
    for (const name of await namesIn(folder)) {
      if (name.startsWith(temporary)) await removePatiently(join(folder, name));
    }
  }
}

/** The steps of a run's checkpoints, ascending. */
export async function listCheckpoints(run: string): Promise<number[]> {
  const names = await namesIn(checkpointsOf(run));
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** The step that `last` or `best` names; undefined when there is none yet. */
export async function readPointer(run: string, name: 'last' | 'best'): Promise<number | undefined> {
  const file = join(run, name);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw errors.fileUnreadable(file, reasonOf(error));
  });
  if (text === undefined) return undefined;
  if (!/^\d+\s*$/.test(text)) throw errors.pointerDamaged(file);
  return Number(text);
}

export async function writePointer(run: string, name: 'last' | 'best', step: number): Promise<void> {
  await writeFileAtomically(join(run, name), `${step}\n`);
}

/** Removes the oldest checkpoints until `limit` are left, but none of `keep`, which count too. */
export async function pruneCheckpoints(run: string, limit: number, keep: ReadonlySet<number>): Promise<void> {
  const steps = await listCheckpoints(run);
  const removable = steps.filter((step) => !keep.has(step));
  for (const step of removable.slice(0, Math.max(0, steps.length - limit))) {
    const folder = checkpointFolder(run, step);
    // Renamed first, so that a kill in the middle leaves no half checkpoint under a step's name.
    const doomed = besides(folder);
    await renamePatiently(folder, doomed);
    await removePatiently(doomed);
  }
}
