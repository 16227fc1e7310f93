/**
 * `lock.json`: at most one trainer works on a run, and others find it there. A lock outlived by its trainer is broken.
 */
import { rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from '../../shared/processes.js';
import { runFiles, runLockSchema } from '../../shared/runFolder.js';
import { socketFolderOf } from '../../shared/runSocket.js';
import { readJson } from '../../shared/schema.js';
import { asSaveError } from '../checkpoint/store.js';
import { codeOf, readTextInput } from '../core/files.js';
import { errors } from '../errors/errors.js';
import type { RunLock } from '../protocol.js';
import { isOurSocket } from './socketAddress.js';

/** Breaking a lock takes milliseconds: a process that takes longer than this, in milliseconds, was killed meanwhile. */
const breakingPatience = 5000;

/**
 * Whether a trainer listens. The system itself accepts the connection, so a trainer that is busy with a step is reached
 * too. A trainer of another user cannot be reached: it counts while its process is alive.
 */
async function isHeld({ pid, socket }: RunLock): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (await isOurSocket(socket)) return accepts(socket);
  const folder = socketFolderOf(socket);
  return folder !== undefined && !new RegExp(`vitune-${process.getuid?.()}(-|$)`).test(basename(folder));
}

function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect({ path: socket });
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}

/** The lock's text; undefined when there is none. One that was just created may be empty for a moment. */
async function readText(file: string): Promise<string | undefined> {
  for (let attempt = 0; ; attempt++) {
    const text = await readTextInput(file).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (text !== '' || attempt === 20) return text;
    await pause(50);
  }
}

/** The lock's fields; undefined where it was cut off by a crash of the machine: nobody holds it. */
const parse = (text: string): RunLock | undefined => readJson(runLockSchema, text).value;

/** Removes the socket that a killed trainer left behind. Windows' pipes vanish with their process. */
async function removeSocket(text: string): Promise<void> {
  const socket = parse(text)?.socket;
  if (socket !== undefined && process.platform !== 'win32' && (await isOurSocket(socket)))
    await rm(socket, { force: true });
}

/**
 * Removes the lock if it still contains `text`, which no process holds. Several processes may try this, and one may
 * have taken the lock again before another removes it. So only the creator of a second file removes it, after checking
 * again. `waited`: for how many milliseconds the second file has been another's.
 */
async function breakLock(file: string, text: string, waited: number): Promise<'broken' | 'waiting'> {
  const breaking = `${file}.breaking`;
  try {
    await writeFile(breaking, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const breaker = Number(await readText(breaking));
    // Its process was ended in the middle, and its number may belong to another by now.
    if ((breaker && !isAlive(breaker)) || waited > breakingPatience) await rm(breaking, { force: true });
    else await pause(20);
    return 'waiting';
  }
  if ((await readText(file)) === text) {
    await rm(file);
    await removeSocket(text);
  }
  await rm(breaking, { force: true });
  return 'broken';
}

/**
 * Takes the lock of a run folder; `socket`, where this process already listens, is written into it.
 * @returns the function that releases it.
 * @throws UserError `RUN_LOCKED` when a living trainer holds it, or one of another machine, of which this one cannot
 *   tell whether it lives.
 */
export async function acquireLock(run: string, socket: string): Promise<() => Promise<void>> {
  const file = join(run, runFiles.lock);
  const own = JSON.stringify({ host: hostname(), pid: process.pid, socket, startedAt: Date.now() } satisfies RunLock);
  let since = performance.now();
  try {
    for (;;) {
      try {
        await writeFile(file, own, { flag: 'wx' });
        return async () => {
          if ((await readText(file)) === own) await rm(file);
        };
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
      const text = await readText(file);
      if (text === undefined) continue;
      const holder = parse(text);
      if (holder && holder.host !== hostname()) throw errors.run.lockedElsewhere(run, holder.pid, holder.host, file);
      if (holder && (await isHeld(holder))) throw errors.run.locked(run, holder.pid);
      if ((await breakLock(file, text, performance.now() - since)) === 'broken') since = performance.now();
    }
  } catch (error) {
    throw asSaveError(error, file);
  }
}
