/** The limits on the memory of this process: those of `ulimit -v` and `ulimit -d` on Linux, and of its container. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

export interface ProcessLimit {
  /** As /proc/self/limits names it; "cgroup" for the limit of a container. */
  name: string;
  /** Of `ulimit`; a container has none. */
  option?: string;
  /** Bytes that it allows, and those taken so far. */
  most: number;
  used: number;
  /** Bytes that Node.js and ONNX Runtime need of it, for a head or LoRA on the embedded model: measured, rounded up. */
  needed: number;
}

const kinds = [
  { name: 'Max address space', option: '-v', used: 'VmSize:', needed: 2.8 * 2 ** 30 },
  { name: 'Max data size', option: '-d', used: 'VmData:', needed: 0.7 * 2 ** 30 },
];

/** The first number after `name` in a file of /proc/self; undefined where there is none, or no such file. */
function procNumber(file: string, name: string): number | undefined {
  let text = '';
  try {
    text = readFileSync(`/proc/self/${file}`, 'utf8');
  } catch {
    // Not Linux.
  }
  const line = text.split('\n').find((each) => each.startsWith(name));
  // The soft limit comes first; "unlimited" is no number, and the hard limit behind it is not in force.
  const number = line && /^\s*(\d+)/.exec(line.slice(name.length))?.[1];
  return number === undefined || number === '' ? undefined : Number(number);
}

/** Of its memory a container counts what is resident, which is far less than what is reserved. */
const residentNeeded = 300 * 2 ** 20;

/** The limit of the container, from Node 19.6 on; undefined where there is none. */
function containerLimit(): ProcessLimit | undefined {
  const most = (process as { constrainedMemory?: () => number | undefined }).constrainedMemory?.() ?? 0;
  // Without a limit it is 0, all memory of the machine, or a number beyond it.
  if (most === 0 || most >= totalmem()) return undefined;
  return { name: 'cgroup', most, used: process.memoryUsage.rss(), needed: residentNeeded };
}

/** The limits in force; those of `ulimit` are read on Linux alone. */
export function processLimits(): ProcessLimit[] {
  const container = containerLimit();
  const ofUlimit = kinds.flatMap((kind) => {
    const [most, kilobytes] = [procNumber('limits', kind.name), procNumber('status', kind.used)];
    return most === undefined || kilobytes === undefined ? [] : [{ ...kind, most, used: 1024 * kilobytes }];
  });
  return container ? [...ofUlimit, container] : ofUlimit;
}
