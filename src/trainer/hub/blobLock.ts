/** One process at a time downloads a file; others wait for it. */
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * The holder shows that it lives by touching the file; silence of `tooLong` means that it does not. In milliseconds.
 */
const beat = 5000;
const tooLong = 30_000;

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

/**
 * Whether whoever made the lock is gone: seen at once on the same machine, after a while where the cache is shared by
 * several.
 */
async function isAbandoned(file: string): Promise<boolean> {
  try {
    const [host, pid] = (await readFile(file, 'utf8')).split(' ');
    if (Date.now() - (await stat(file)).mtimeMs > tooLong) return true;
    return host === hostname() && isGone(Number(pid));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Takes the lock `file`, waiting for it; returns what releases it. `onWait` is told each time somebody else has it.
 * Should two processes take over the same abandoned lock, both download: they write the same bytes to the same places.
 * Hugging Face's Python tools lock by `flock`, which Node does not have; so their unfinished files are never written
 * to.
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
    // Gone with the whole cache, or taken over: the download itself will tell.
    utimes(file, now, now).catch(() => undefined);
  };
  const timer = setInterval(touch, beat);
  timer.unref();
  return async () => {
    clearInterval(timer);
    if ((await readFile(file, 'utf8').catch(() => '')) === own) await rm(file, { force: true });
  };
}
