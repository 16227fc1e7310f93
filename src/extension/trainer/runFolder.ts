/** Reads a run folder: what it is about, who works on it, which checkpoints lie in it. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunInfo, RunLock } from '../../trainer/protocol.js';
import type { CheckpointRow } from '../../webview/protocol.js';

export type Checkpoint = Omit<CheckpointRow, 'active'>;

/** Whether an error of the file system says that there is no such file, or that a part of its path is none. */
export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The text of a file; undefined where there is none. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function jsonOf<T>(file: string): Promise<T | undefined> {
  const text = await textOf(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    // Seen in the midst of being written, or torn by a crash: as good as not there.
    return undefined;
  }
}

/** What makes a folder one of a comparison of methods; its runs are the folders in it. */
export const comparisonFile = 'compare.json';

export const readRunInfo = (folder: string) => jsonOf<RunInfo>(join(folder, 'run.json'));
export const readLock = (folder: string) => jsonOf<RunLock>(join(folder, 'lock.json'));

/** The step that a pointer (`best`, `last`) names. */
async function pointer(folder: string, name: 'best' | 'last'): Promise<number | undefined> {
  const step = Number.parseInt((await textOf(join(folder, name))) ?? '', 10);
  return Number.isNaN(step) ? undefined : step;
}

/** The checkpoints on disk, by step. */
export async function readCheckpoints(folder: string): Promise<Checkpoint[]> {
  const parent = join(folder, 'checkpoints');
  let names: string[];
  try {
    names = await readdir(parent);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const [best, last] = await Promise.all([pointer(folder, 'best'), pointer(folder, 'last')]);
  const rows = await Promise.all(
    // A checkpoint that is still being written has another name.
    names
      .filter((name) => /^\d+$/.test(name))
      .map(async (name): Promise<Checkpoint | undefined> => {
        const path = join(parent, name);
        const step = Number(name);
        try {
          return { step, path, best: step === best, last: step === last, savedAt: (await stat(path)).mtimeMs };
        } catch (error) {
          if (isMissing(error)) return undefined;
          throw error;
        }
      }),
  );
  return rows.filter((row) => row !== undefined).sort((a, b) => a.step - b.step);
}
