/** Reads a run folder: what it is about, who works on it, which checkpoints lie in it. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { calibrationFiles, calibrationSchema, type TaskCalibration } from '../../shared/calibration.js';
import { pointersOf } from '../../shared/pointers.js';
import { runFiles, runInfoSchema, runLockSchema, stepOfCheckpoint, type RunInfo } from '../../shared/runFolder.js';
import { readJson, type Read } from '../../shared/schema.js';
import type { RunLock } from '../../trainer/protocol.js';
import type { CheckpointRow } from '../../webview/protocol.js';

export type Checkpoint = Omit<CheckpointRow, 'active'>;

/** Whether an error of the file system says that there is no such file, or that a part of its path is not a folder. */
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

/** `run.json`, or what is wrong with it; undefined where there is none. */
export async function readRunInfo(folder: string): Promise<Read<RunInfo> | undefined> {
  const file = join(folder, runFiles.about);
  try {
    const text = await textOf(file);
    return text === undefined ? undefined : readJson(runInfoSchema, text);
  } catch (error) {
    // A folder of that name, say, or a file that may not be read.
    return { defect: error instanceof Error ? error.message : String(error) };
  }
}

/** The lock, unless it is damaged: then nobody holds it. */
export async function readLock(folder: string): Promise<RunLock | undefined> {
  const text = await textOf(join(folder, runFiles.lock));
  return text === undefined ? undefined : readJson(runLockSchema, text).value;
}

/** What a checkpoint's calibration says that a dashboard shows. */
export interface Calibrated {
  tasks: TaskCalibration[];
  /** Whether unknown images can be told apart. */
  tellsUnknown: boolean;
}

/** Undefined where a checkpoint has none that can be read: classifying with it says so. */
export async function readCalibrated(checkpoint: string): Promise<Calibrated | undefined> {
  const text = await textOf(join(checkpoint, calibrationFiles.calibration));
  const value = text === undefined ? undefined : readJson(calibrationSchema, text).value;
  return value && { tasks: value.tasks, tellsUnknown: value.unknown !== undefined };
}

/** The checkpoints on disk, by step. */
export async function readCheckpoints(folder: string): Promise<Checkpoint[]> {
  const parent = join(folder, runFiles.checkpoints);
  let names: string[];
  try {
    names = await readdir(parent);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  // A checkpoint that is still being written has another name.
  const steps = names.map(stepOfCheckpoint).filter((step) => step !== undefined);
  const { best, last } = await pointersOf(steps, (name) => textOf(join(folder, name)));
  const rows = await Promise.all(
    steps.map(async (step): Promise<Checkpoint | undefined> => {
      const path = join(parent, String(step));
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
