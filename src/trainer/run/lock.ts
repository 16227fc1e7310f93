/** `lock.json`: at most one trainer works on a run, and others find it there. A lock outlived by its trainer is broken. */
import { randomUUID } from 'node:crypto';
import { lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { asSaveError } from '../checkpoint/store.js';
import { errors } from '../errors.js';
import type { RunLock } from '../protocol.js';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Alive, but another user's.
    return codeOf(error) === 'EPERM';
  }
}

/** Whether anyone listens. The system itself accepts the connection, so that a trainer busy with a step answers too. */
function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
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
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (text !== '' || attempt === 20) return text;
    await pause(50);
  }
}

function parse(text: string): RunLock | undefined {
  try {
    const { pid, socket, startedAt } = JSON.parse(text) as RunLock;
    return Number.isSafeInteger(pid) && pid > 0 && typeof socket === 'string' ? { pid, socket, startedAt } : undefined;
  } catch {
    // Cut off by a crash of the machine: nobody holds it.
    return undefined;
  }
}

/** Removes a lock that nobody holds; another process may do the same at the same time. */
async function breakLock(file: string, text: string): Promise<void> {
  // Taken away by renaming, which only one can do, and looked at again, since a new holder may have come in between.
  const taken = `${file}.${randomUUID()}`;
  try {
    await rename(file, taken);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(taken, 'utf8')) !== text) return rename(taken, file);
  await rm(taken);
  const socket = parse(text)?.socket;
  if (!socket || process.platform === 'win32') return;
  const isSocket = await lstat(socket).then(
    (found) => found.isSocket(),
    () => false,
  );
  if (isSocket) await rm(socket);
}

/**
 * Takes the lock of a run folder; `socket`, where this process already listens, is written into it.
 * @returns what releases it.
 * @throws UserError `RUN_LOCKED` when a living trainer holds it.
 */
export async function acquireLock(run: string, socket: string): Promise<() => Promise<void>> {
  const file = join(run, 'lock.json');
  const lock: RunLock = { pid: process.pid, socket, startedAt: Date.now() };
  try {
    for (;;) {
      try {
        await writeFile(file, JSON.stringify(lock), { flag: 'wx' });
        return () => rm(file);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
      const text = await readText(file);
      if (text === undefined) continue;
      const holder = parse(text);
      if (holder && isAlive(holder.pid) && (await answers(holder.socket))) throw errors.run.locked(run, holder.pid);
      await breakLock(file, text);
    }
  } catch (error) {
    throw asSaveError(error, file);
  }
}
