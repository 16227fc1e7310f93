/** Verdicts on devices whose trial takes seconds: kept between runs, until what they rest on changes. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../core/replaceFile.js';
import type { DeviceName, DeviceReport } from '../protocol.js';
import { basisOf } from './createEngine.js';

export type Usable = Extract<DeviceReport, { gigaflops: number }>;

/** After this a device is tried again: a driver may be gone. */
const validFor = 24 * 60 * 60 * 1000;

const verdictSchema = z.object({
  basis: z.string(),
  at: z.number(),
  gigaflops: z.number(),
  noFp16: z.string().optional(),
  onCpu: z.literal(true).optional(),
});

const fileOf = (folder: string, device: DeviceName): string => join(folder, `${device}.json`);

/** That `device` works, where that was found lately and nothing has changed since. */
export async function readVerdict(folder: string, device: DeviceName, now = Date.now()): Promise<Usable | undefined> {
  const basis = basisOf(device);
  if (basis === undefined) return undefined;
  const text = await readFile(fileOf(folder, device), 'utf8').catch(() => undefined);
  const found = text === undefined ? undefined : verdictSchema.safeParse(parsed(text)).data;
  if (found?.basis !== basis || !(now - found.at >= 0 && now - found.at < validFor)) return undefined;
  const { gigaflops, noFp16, onCpu } = found;
  return { device, gigaflops, ...(noFp16 !== undefined && { noFp16 }), ...(onCpu && { onCpu }) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Cut off, e.g. by a full disk: as if there were none.
    return undefined;
  }
}

/**
 * Keeps that a device works. A failure is not kept: it is tried again each time, since the user may have mended it.
 * What the file system refuses is not worth an error, since the next run tries the device again.
 */
export async function keepVerdict(folder: string, report: DeviceReport, now = Date.now()): Promise<void> {
  const { device } = report;
  const basis = basisOf(device);
  if (basis === undefined) return;
  const file = fileOf(folder, device);
  if ('reason' in report) return rm(file, { force: true }).catch(() => undefined);
  const { gigaflops, noFp16, onCpu } = report;
  const text = JSON.stringify({ basis, at: now, gigaflops, noFp16, onCpu });
  await mkdir(dirname(file), { recursive: true })
    .then(() => replaceFile(file, Buffer.from(text)))
    .catch(() => undefined);
}
