/**
 * Saving that leaves either the old or the new on disk, never a part: files, checkpoint folders, the pointers `last`
 * and `best`.
 */
import { mkdir, open, readdir, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { calibrationFiles } from '../../shared/calibration.js';
import { outcomesFileName } from '../../shared/outcomes.js';
import { stepOfCheckpoint } from '../../shared/runFolder.js';
import { codeOf, isMissing, isThere } from '../core/files.js';
import { removePatiently, renamePatiently } from '../core/renamePatiently.js';
import { nameUnfitForWindows } from '../core/windowsName.js';
import { errors, reasonOf } from '../errors/errors.js';

/** The name of what is not yet whole, or no longer wanted, begins so. */
const temporary = '.unfinished-';
/** The name of a folder that makes way for its successor begins so: it is put back if the successor never came. */
const movedAside = '.replaced-';
/** Files that operating systems put into every folder they show. */
const litter: ReadonlySet<string> = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini']);
let counter = 0;

/** A path next to `target` that no other process uses. */
const nextTo = (target: string, prefix: string = temporary): string =>
  join(dirname(target), `${prefix}${basename(target)}-${process.pid}-${counter++}`);

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
  const path = nextTo(target);
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
 * Writes a file so that its old or its new content is there at any moment; a function writes it to the path it gets.
 * @throws UserError when the disk is full or does not let us; the old content stays.
 */
export async function writeFileAtomically(
  target: string,
  content: string | Uint8Array | ((path: string) => Promise<void>),
): Promise<void> {
  await atomically(target, async (path) => {
    if (typeof content === 'function') {
      await content(path);
      await sync(path, 'r+');
    } else {
      const handle = await open(path, 'wx');
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
    await renamePatiently(path, target);
  });
}

export interface FolderOptions {
  /**
   * Whether the folder is one that ViTune wrote: entries of the same names are then replaced. Otherwise they are
   * refused.
   */
  isOurs?: boolean;
}

/**
 * Creates a folder with what `write` puts into it, all or nothing. This is the one function that replaces folders, and
 * it replaces only what ViTune wrote: every other entry of a folder that is there already stays in it.
 * @throws UserError when the disk is full or does not let us, or an entry is in the way; what was there stays. Other
 *   errors of `write` are passed on.
 */
export async function writeFolderAtomically(
  target: string,
  write: (folder: string) => Promise<void>,
  { isOurs = false }: FolderOptions = {},
): Promise<void> {
  requireName(target);
  await atomically(target, async (path) => {
    await mkdir(path);
    await write(path);
    await syncTree(path);
    const there = await readdir(target).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (there === undefined) await renamePatiently(path, target);
    else if (isOurs) await replace(target, path);
    else await moveInto(target, path, there);
  });
}

/** Puts the folder `next` in the place of the folder `target`. */
async function replace(target: string, next: string): Promise<void> {
  // A folder cannot be renamed over a full one. A kill between the two renames is mended by `clearUnfinished`.
  const old = nextTo(target, movedAside);
  await renamePatiently(target, old);
  try {
    await renamePatiently(next, target);
  } catch (error) {
    await renamePatiently(old, target);
    throw error;
  }
  await retire(old, target);
}

/** Removes the folder that `successor` replaced; what its successor has no entry for is moved there first. */
async function retire(old: string, successor: string): Promise<void> {
  const names = new Set(await readdir(successor));
  for (const name of await readdir(old))
    if (!names.has(name)) await renamePatiently(join(old, name), join(successor, name));
  await removePatiently(old);
}

/** Moves the entries of the folder `next` into the folder `target`, which has the entries `there`. */
async function moveInto(target: string, next: string, there: readonly string[]): Promise<void> {
  const names = await readdir(next);
  const inTheWay = names.find((name) => there.includes(name));
  if (inTheWay !== undefined) throw errors.notSaved.inTheWay(target, inTheWay);
  const moved: string[] = [];
  try {
    for (const name of names) {
      await renamePatiently(join(next, name), join(target, name));
      moved.push(name);
    }
  } catch (error) {
    for (const name of moved) await removePatiently(join(target, name));
    throw error;
  }
  await rmdir(next);
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
 * Removes what killed writers left in a run folder, and puts back what they had moved aside. Only for the holder of the
 * run's lock: another writer's work would go too.
 */
export async function clearUnfinished(run: string): Promise<void> {
  for (const folder of [run, checkpointsOf(run)]) {
    for (const name of await namesIn(folder)) {
      if (name.startsWith(temporary)) await removePatiently(join(folder, name));
      const replaced = new RegExp(`^\\${movedAside}(.+)-\\d+-\\d+$`).exec(name)?.[1];
      if (replaced === undefined) continue;
      const target = join(folder, replaced);
      if (await isThere(target)) await retire(join(folder, name), target);
      else await renamePatiently(join(folder, name), target);
    }
  }
}

/** The steps of a run's checkpoints, ascending. */
export async function listCheckpoints(run: string): Promise<number[]> {
  const names = await namesIn(checkpointsOf(run));
  return names
    .map(stepOfCheckpoint)
    .filter((step) => step !== undefined)
    .sort((a, b) => a - b);
}

export async function writePointer(run: string, name: 'last' | 'best', step: number): Promise<void> {
  await writeFileAtomically(join(run, name), `${step}\n`);
}

/**
 * Removes the oldest checkpoints until `limit` are left, but none of `keep`, which count too. One with a file that its
 * successors do not have stays: ViTune did not write that file.
 */
export async function pruneCheckpoints(run: string, limit: number, keep: ReadonlySet<number>): Promise<void> {
  const steps = await listCheckpoints(run);
  const removable = steps.filter((step) => !keep.has(step));
  const ours = new Set(steps.length ? await namesIn(checkpointFolder(run, steps.at(-1)!)) : []);
  // Only some checkpoints have these.
  for (const name of [...Object.values(calibrationFiles), outcomesFileName]) ours.add(name);
  for (const step of removable.slice(0, Math.max(0, steps.length - limit))) {
    const folder = checkpointFolder(run, step);
    if ((await namesIn(folder)).some((name) => !ours.has(name) && !litter.has(name))) continue;
    // Renamed first, so that a kill in the middle leaves no half checkpoint under a step's name.
    const doomed = nextTo(folder);
    await renamePatiently(folder, doomed);
    await removePatiently(doomed);
  }
}
