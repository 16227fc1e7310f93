/** What a model costs: the bytes of its folder, and the time of one image. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Classifier } from './classifier.js';

/** All files below a folder, in MB of 1,000,000 bytes. */
export async function folderMegabytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  return bytes / 1e6;
}

const [warmUps, timedImages] = [3, 20];

/**
 * The median time from an image file to its answer, in milliseconds, of up to 20 images one by one on the CPU, after
 * three that do not count. Undefined where none of the images can be read.
 */
export async function millisecondsOf(
  folder: string,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<{ median: number; images: number } | undefined> {
  const classifier = await Classifier.open(folder, 1);
  try {
    const times: number[] = [];
    let warmed = 0;
    const [first] = paths;
    for (const path of [...Array<string>(warmUps).fill(first ?? ''), ...paths]) {
      if (times.length === timedImages) break;
      const start = performance.now();
      for await (const answer of classifier.classify([path], { top: 1 }, signal)) {
        if ('error' in answer) continue;
        if (warmed++ >= warmUps) times.push(performance.now() - start);
      }
    }
    times.sort((a, b) => a - b);
    return times.length ? { median: times[Math.floor(times.length / 2)]!, images: times.length } : undefined;
  } finally {
    await classifier.dispose();
  }
}
