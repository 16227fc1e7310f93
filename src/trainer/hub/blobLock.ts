/** A lock file: one process at a time downloads a file, others wait for it. */
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from '../../shared/processes.js';
import { codeOf } from '../core/files.js';

/**
 * The holder touches the file while it is alive; after `tooLong` without a touch it counts as dead. In milliseconds.
 */
const beat = 5000;
const tooLong = 30_000;

/**
 * Whether the process that created the lock is gone. On the same machine this is known at once; for a cache shared by
 * several machines, after `tooLong`.
 */
async function isAbandoned(file: string): Promise<boolean> {
  try {
    const [host, pid] = (await readFile(file, 'utf8')).split(' ');
    if (Date.now() - (await stat(file)).mtimeMs > tooLong) return true;
    return host === hostname() && Number(pid) > 0 && !isAlive(Number(pid));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Waits for the lock `file`, takes it and returns its release. `onWait` is called each time another process holds it.
 * If two processes take over the same abandoned lock, both download: they write the same bytes to the same places.
 * Hugging Face's Python tools lock with `flock`, which Node lacks, so their unfinished files are never written to.
 */
export async function acquireBlobLock(
  file: string,
  signal: AbortSignal,
  onWait: () => Promise<void>,
): Promise<() => Promise<void>> {
  const own = `${hostname()} ${process.pid} ${performance.now()}`;
  await mkdir(dirname(file), { recursive: true });
  for (;;) {
    signal.throwIfAborted();
    try {
      await writeFile(file, own, { flag: 'wx' });
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    if (await isAbandoned(file)) await rm(file, { force: true });
    else {
      await onWait();
      await pause(100, undefined, { signal });
    }
  }
  const touch = (): void => {
    const now = new Date();
    // Removed with the whole cache, or taken over: the download itself will fail.
    utimes(file, now, now).catch(() => undefined);
  };
  const timer = setInterval(touch, beat);
  timer.unref();
  return async () => {
    clearInterval(timer);
    if ((await readFile(file, 'utf8').catch(() => '')) === own) await rm(file, { force: true });
  };
}
