/** Where runs lie on disk: making a folder for a new one, finding the one to resume, finding a checkpoint to use. */
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { stemOfConfig } from '../../shared/configNames.js';
import { pointersOf } from '../../shared/pointers.js';
import { runFiles, runInfoSchema, type TrainedAgain } from '../../shared/runFolder.js';
import { readJson } from '../../shared/schema.js';
import {
  asSaveError,
  checkpointFolder,
  listCheckpoints,
  pruneCheckpoints,
  requireName,
  writeFileAtomically,
  writePointer,
} from '../checkpoint/store.js';
import { codeOf, isMissing, isThere, readTextInput } from '../core/files.js';
import { withoutNeedless } from '../config/needless.js';
import type { LoadedConfig } from '../config/load.js';
import { errors, reasonOf } from '../errors/errors.js';
import type { RunInfo } from '../protocol.js';
import { readLastEvent } from './eventLog.js';
import { isForeignModel } from '../models/openModel.js';

const runFile = (run: string): string => join(run, runFiles.about);
/** The run's config: defaults applied, paths absolute. */
export const runConfig = (run: string): string => join(run, runFiles.config);
const stemOf = (config: string): string => stemOfConfig(basename(config));
/** Whether a run folder is called as a later one of that config. */
const isNumbered = (name: string, stem: string): boolean =>
  name.startsWith(`${stem}-`) && /^\d+$/.test(name.slice(stem.length + 1));
const runsFolder = (config: string): string => join(dirname(config), 'runs');

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw errors.fileUnreadable(folder, reasonOf(error));
  });
}

/** What a start writes before `run.json`. */
const leftByStart = /^(lock\.json(\.breaking)?|config\.json)$/;

/** Makes a folder that was not there; false when the name is taken. */
async function makeFresh(folder: string): Promise<boolean> {
  try {
    await mkdir(dirname(folder), { recursive: true });
    await mkdir(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await isThere(folder))) return false;
    throw asSaveError(error, folder);
  }
}

/**
 * Creates the folder of a new run: the config's `output`, or `runs/<config>`, `runs/<config>-2` … next to the config.
 * @throws UserError when `output` already holds a run or other files, or cannot be created.
 */
export async function createRunFolder({ path, config: { output } }: LoadedConfig): Promise<string> {
  if (output !== undefined) {
    requireName(output);
    if (await makeFresh(output)) return output;
    if (await isThere(runFile(output))) throw errors.run.exists(output);
    // Hidden files do not count, nor does what a run leaves that is killed before it has a run.json.
    const isFree = (name: string): boolean => name.startsWith('.') || leftByStart.test(name);
    if (!(await namesIn(output)).every(isFree)) throw errors.run.folderInUse(output);
    return output;
  }
  return makeNumbered(join(runsFolder(path), stemOf(path)), 1);
}

/** Creates the folder with the first number that is free; the first has none. */
async function makeNumbered(first: string, from: number): Promise<string> {
  for (let number = from; ; number++) {
    const folder = number === 1 ? first : `${first}-${number}`;
    if (await makeFresh(folder)) return folder;
  }
}

/** Creates the folder of a run next to that of an earlier run, `runs/<config>-2` next to `runs/<config>`. */
export async function createRunBeside(earlier: string, config: string): Promise<string> {
  const name = basename(earlier);
  const stem = stemOf(config);
  return makeNumbered(join(dirname(earlier), isNumbered(name, stem) ? stem : name), 2);
}

export const isRun = (folder: string): Promise<boolean> => isThere(runFile(folder));

/**
 * Writes what the run is about: `run.json` (on a resume, of name, config and time what was there) and `config.json`,
 * the config with defaults and absolute paths, without keys that its method does not read.
 */
export async function describeRun(
  run: string,
  { path, config, overrides }: LoadedConfig,
  again?: TrainedAgain,
): Promise<RunInfo> {
  const known = (await isThere(runFile(run)))
    ? await readRunInfo(run)
    : { name: basename(run), config: path, createdAt: Date.now(), ...(again && { again }) };
  const info = overrides.length ? { ...known, overrides } : known;
  await writeFileAtomically(runConfig(run), `${JSON.stringify(withoutNeedless(config), null, 2)}\n`);
  await writeFileAtomically(runFile(run), `${JSON.stringify(info, null, 2)}\n`);
  return info;
}

/** Removes a run's own files, but not the lock; others stay: a hidden `.git`, say, in an `output` that was there. */
export async function removeRun(run: string): Promise<void> {
  for (const name of Object.values(runFiles).filter((each) => each !== runFiles.lock))
    await rm(join(run, name), { recursive: true, force: true });
}

export async function removeFolderIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error) ?? '')) throw error;
  });
}

/** Throws where another start has made a run of the folder since it was found free. */
export async function requireNew(run: string): Promise<void> {
  if (await isThere(runFile(run))) throw errors.run.exists(run);
}

/** Throws where the folder of a run at work is gone: what is written there would be lost, or be half a run. */
export async function requireRun(run: string): Promise<void> {
  if (!(await isThere(runFile(run)))) throw errors.run.folderGone(run);
}

const pointersIn = async (run: string) => {
  // What cannot be read says nothing; the checkpoint itself is refused by name when it is opened.
  const readText = (name: string): Promise<string | undefined> => readTextInput(join(run, name)).catch(() => undefined);
  return pointersOf(await listCheckpoints(run), readText);
};

/**
 * Brings pointers and checkpoints in line with the state of the last checkpoint, as a trainer that was killed between
 * two of its writes left them. Only for the holder of the run's lock.
 */
export async function repairRun(run: string, saveTotalLimit: number): Promise<void> {
  const pointers = await pointersIn(run);
  for (const name of ['last', 'best'] as const) {
    const file = join(run, name);
    const step = pointers[name];
    const text = await readTextInput(file).catch(() => undefined);
    if (step === undefined) await rm(file, { force: true });
    else if (text !== `${step}\n`) await writePointer(run, name, step);
  }
  await pruneCheckpoints(run, saveTotalLimit, new Set(Object.values(pointers)));
}

export async function readRunInfo(run: string): Promise<RunInfo> {
  const file = runFile(run);
  const text = await readTextInput(file).catch((error: unknown) => {
    throw errors.run.damaged(file, reasonOf(error));
  });
  const { value, defect } = readJson(runInfoSchema, text);
  if (!value) throw errors.run.damaged(file, defect);
  return value;
}

const isFinished = async (run: string): Promise<boolean> => (await readLastEvent(run))?.type === 'finished';

/** The runs that configs of this name made where no `output` was given, newest first. */
async function runsOf(config: string): Promise<string[]> {
  const parent = runsFolder(config);
  const stem = stemOf(config);
  const found: { run: string; createdAt: number }[] = [];
  for (const name of await namesIn(parent)) {
    if (name !== stem && !isNumbered(name, stem)) continue;
    const run = join(parent, name);
    if (!(await isThere(runFile(run)))) continue;
    const info = await readRunInfo(run);
    // By name, so that the whole project may have moved; and `a-2.vitune.json` is not the second run of
    // `a.vitune.json`.
    if (basename(info.config) === basename(config)) found.push({ run, createdAt: info.createdAt });
  }
  return found.sort((a, b) => b.createdAt - a.createdAt).map(({ run }) => run);
}

/**
 * The run that `--resume` means: `output` if the config has one, else the newest run of this config that is not
 * finished.
 * @throws UserError when there is none.
 */
export async function findRunToResume({ path, config: { output } }: LoadedConfig): Promise<string> {
  if (output !== undefined) {
    if (!(await isThere(runFile(output)))) throw errors.run.nothingToResume(path, output);
    if (await isFinished(output)) throw errors.run.finished(output);
    return output;
  }
  for (const run of await runsOf(path)) if (!(await isFinished(run))) return run;
  throw errors.run.nothingToResume(path, runsFolder(path));
}

/**
 * The newest run of a config, finished or not: `output` if the config has one.
 * @throws UserError when there is none.
 */
export async function newestRun({ path, config: { output } }: LoadedConfig): Promise<string> {
  const [run] = output === undefined ? await runsOf(path) : [output];
  if (run === undefined || !(await isThere(runFile(run)))) throw errors.run.none(path);
  return run;
}

/** The first checkpoint that is there of those the pointers name, in this order. */
async function checkpointOf(run: string, ...pointers: ('best' | 'last')[]): Promise<string | undefined> {
  const found = await pointersIn(run);
  const step = pointers.map((name) => found[name]).find((each) => each !== undefined);
  return step === undefined ? undefined : checkpointFolder(run, step);
}

/** The checkpoint to resume from; undefined when the run was ended before its first. */
export async function lastCheckpoint(run: string): Promise<string | undefined> {
  return checkpointOf(run, 'last');
}

/**
 * The folder that a path means: a run's best checkpoint, else its last; a checkpoint itself; or a model or adapter that
 * others saved.
 * @throws UserError when it is none of these, or the run has no checkpoint yet.
 */
export async function resolveCheckpoint(path: string): Promise<string> {
  const folder = resolve(path);
  if (!(await isThere(folder))) throw errors.checkpointMissing(folder);
  if (await isThere(join(folder, 'vitune.json'))) return folder;
  if (!(await isThere(runFile(folder)))) {
    if (await isForeignModel(folder)) return folder;
    throw errors.notCheckpoint(folder);
  }
  const found = await checkpointOf(folder, 'best', 'last');
  if (!found) throw errors.noCheckpointYet(folder);
  return found;
}
