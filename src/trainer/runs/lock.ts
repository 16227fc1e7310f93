/**
 * `lock.json`: at most one trainer works on a run, and others find it there. A lock outlived by its trainer is broken.
 */
import { lstat, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { asSaveError } from '../checkpoint/store.js';
import { errors } from '../errors/errors.js';
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

/**
 * Whether a process listens. The system itself accepts the connection, so it also works while a trainer is busy with a
 * step.
 */
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
    const { host = hostname(), pid, socket, startedAt } = JSON.parse(text) as Partial<RunLock>;
    const isWhole =
      typeof host === 'string' &&
      Number.isSafeInteger(pid) &&
      pid! > 0 &&
      typeof socket === 'string' &&
      startedAt !== undefined;
    return isWhole ? { host, pid: pid!, socket, startedAt } : undefined;
  } catch {
    // Cut off by a crash of the machine: nobody holds it.
    return undefined;
  }
}

/** Removes the socket that a killed trainer left behind. Windows' pipes vanish with their process. */
async function removeSocket(text: string): Promise<void> {
  const socket = parse(text)?.socket;
  if (!socket || process.platform === 'win32') return;
  const isSocket = await lstat(socket).then(
    (found) => found.isSocket(),
    () => false,
  );
  if (isSocket) await rm(socket, { force: true });
}

/**
 * Removes the lock if it still contains `text`, which no process holds. Several processes may try this, and one may
 * have taken the lock again before another removes it. So only the creator of a second file removes it, after checking
 * again.
 */
async function breakLock(file: string, text: string): Promise<void> {
  const breaking = `${file}.breaking`;
  try {
    await writeFile(breaking, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const breaker = Number(await readText(breaking));
    if (breaker && !isAlive(breaker)) await rm(breaking, { force: true });
    else await pause(20);
    return;
  }
  if ((await readText(file)) === text) {
    await rm(file);
    await removeSocket(text);
  }
  await rm(breaking);
}

/**
 * Takes the lock of a run folder; `socket`, where this process already listens, is written into it.
 * @returns the function that releases it.
 * @throws UserError `RUN_LOCKED` when a living trainer holds it, or one of another machine, of which this one cannot
 *   tell whether it lives.
 */
export async function acquireLock(run: string, socket: string): Promise<() => Promise<void>> {
  const file = join(run, 'lock.json');
  const own = JSON.stringify({ host: hostname(), pid: process.pid, socket, startedAt: Date.now() } satisfies RunLock);
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
      if (holder && isAlive(holder.pid) && (await answers(holder.socket))) throw errors.run.locked(run, holder.pid);
      await breakLock(file, text);
    }
  } catch (error) {
    throw asSaveError(error, file);
  }
}
