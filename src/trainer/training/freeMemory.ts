/**
 * How many bytes this process may still take: what the machine has free, or less where a container or a limit of the
 * process allows less.
 */
import { freemem, totalmem } from 'node:os';
import { processLimits } from '../core/processLimits.js';

export function freeMemory(): number {
  // From Node 20.13 and 22 on; it knows the limits of a container.
  const available = (process as { availableMemory?: () => number }).availableMemory?.() ?? freemem();
  // macOS calls free only what holds not even a cached file.
  const free = process.platform === 'darwin' ? Math.max(available, totalmem() / 3) : available;
  return Math.max(0, Math.min(free, ...processLimits().map(({ most, used }) => most - used)));
}
