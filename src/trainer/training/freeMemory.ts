/**
 * How many bytes this process may still take: what the machine has free, or less where a container or a limit of the
 * process allows less.
 */
import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';

/** A number of a file of Linux's /proc: the first after `name`; undefined where there is none, or no such file. */
async function procNumber(file: string, name: string): Promise<number | undefined> {
  const text = await readFile(`/proc/self/${file}`, 'utf8').catch(() => '');
  const line = text.split('\n').find((each) => each.startsWith(name));
  const number = line && /\d+/.exec(line.slice(name.length))?.[0];
  return number === undefined || number === '' ? undefined : Number(number);
}

/** What `ulimit -d` and `ulimit -v` leave. */
async function leftOfLimits(): Promise<number> {
  const limits = { 'Max data size': 'VmData:', 'Max address space': 'VmSize:' };
  const left = Object.entries(limits).map(async ([limit, used]) => {
    const [most, kilobytes] = [await procNumber('limits', limit), await procNumber('status', used)];
    return most === undefined || kilobytes === undefined ? Infinity : most - 1024 * kilobytes;
  });
  return Math.min(...(await Promise.all(left)));
}

export async function freeMemory(): Promise<number> {
  // From Node 20.13 and 22 on; it knows the limits of a container.
  const available = (process as { availableMemory?: () => number }).availableMemory?.() ?? freemem();
  // macOS calls free only what holds not even a cached file.
  const free = process.platform === 'darwin' ? Math.max(available, totalmem() / 3) : available;
  return Math.max(0, Math.min(free, await leftOfLimits()));
}
