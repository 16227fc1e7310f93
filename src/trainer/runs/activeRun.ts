/**
 * A run that this process works on: its folder, locked, with the log of events and the socket that windows attach to.
 */
import type { TrainedAgain } from '../../shared/runFolder.js';
import { clearUnfinished } from '../checkpoint/store.js';
import { loadConfig, type LoadedConfig } from '../config/load.js';
import { errors } from '../errors/errors.js';
import type { RecordedEvent, TrainEvent } from '../protocol.js';
import { ControlServer } from './controlServer.js';
import { EventLog } from './eventLog.js';
import { acquireLock } from './lock.js';
import {
  createRunBeside,
  createRunFolder,
  describeRun,
  findRunToResume,
  isRun,
  lastCheckpoint,
  readRunInfo,
  removeFolderIfEmpty,
  removeRun,
  repairRun,
  requireNew,
  runConfig,
} from './runFolder.js';

export class ActiveRun {
  #isClosed = false;

  private constructor(
    /** Absolute path of the run folder. */
    readonly path: string,
    readonly loaded: LoadedConfig,
    readonly name: string,
    /**
     * The checkpoint folder to resume from; undefined in a new run, and in one that was ended before its first
     * checkpoint.
     */
    readonly resumeFrom: string | undefined,
    readonly again: TrainedAgain | undefined,
    /** Aborted when a window requests a stop. */
    readonly stopRequest: AbortSignal,
    private readonly log: EventLog,
    private readonly server: ControlServer,
    private readonly release: () => Promise<void>,
  ) {}

  /** Makes a new run. Throws a `UserError` when its folder is taken or cannot be made. */
  static async create(loaded: LoadedConfig): Promise<ActiveRun> {
    return ActiveRun.#open(loaded, await createRunFolder(loaded), requireNew);
  }

  /**
   * Makes a new run with the settings of an earlier one, changed by `overrides`. Throws a `UserError` when there is no
   * such run.
   */
  static async again(earlier: TrainedAgain, overrides: string[]): Promise<ActiveRun> {
    if (!(await isRun(earlier.run))) throw errors.run.notRun(earlier.run);
    const { config: path } = await readRunInfo(earlier.run);
    const loaded = await loadConfig(runConfig(earlier.run), overrides);
    const folder = await createRunBeside(earlier.run, path);
    // Its own config is what it is resumed by, and has no place of its own to name.
    const { output: _, ...config } = loaded.config;
    return ActiveRun.#open({ ...loaded, path, config }, folder, requireNew, earlier);
  }

  /**
   * Continues an unfinished run with its original overrides; the current overrides apply after them. Throws a
   * `UserError` when there is none or another trainer works on it.
   */
  static async resume(given: LoadedConfig): Promise<ActiveRun> {
    const folder = await findRunToResume(given);
    const { overrides = [], again } = await readRunInfo(folder);
    // One that trains again has the settings of the earlier run, whatever the file says by now.
    const path = again ? runConfig(folder) : given.path;
    const keyOf = (override: string): string => override.slice(0, override.indexOf('='));
    const kept = overrides.filter((old) => !given.overrides.some((override) => keyOf(override) === keyOf(old)));
    const isAsGiven = path === given.path && !kept.length;
    const loaded = isAsGiven ? given : await loadConfig(path, [...kept, ...given.overrides]);
    return ActiveRun.#open(loaded, folder, undefined, again);
  }

  /** `check` throws where the run, now that it is locked, is not what it should be. */
  static async #open(
    loaded: LoadedConfig,
    path: string,
    check: (run: string) => Promise<void> = async () => {},
    again?: TrainedAgain,
  ): Promise<ActiveRun> {
    const stop = new AbortController();
    // It listens before the lock names it, so every reader of the lock can connect.
    const server = await ControlServer.listen(() => stop.abort());
    let release: (() => Promise<void>) | undefined;
    try {
      release = await acquireLock(path, server.address);
      await check(path);
      await clearUnfinished(path);
      await repairRun(path, loaded.config.saveTotalLimit);
      const { name } = await describeRun(path, loaded, again);
      return new ActiveRun(
        path,
        loaded,
        name,
        await lastCheckpoint(path),
        again,
        stop.signal,
        await EventLog.open(path),
        server,
        release,
      );
    } catch (error) {
      await release?.();
      await server.close();
      throw error;
    }
  }

  /** Records an event in the run folder, then sends it to the attached windows. */
  emit(event: TrainEvent): RecordedEvent {
    const recorded = this.log.append(event);
    this.server.broadcast(recorded);
    return recorded;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends the work on the run: windows are hung up on, the lock is released. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.log.close();
    await this.release();
    await this.server.close();
  }

  /** As `close`, and removes what the run wrote: for one that failed before it began. */
  async discard(): Promise<void> {
    // While it is locked: the next process may begin as soon as it is not.
    await removeRun(this.path);
    await this.close();
    await removeFolderIfEmpty(this.path);
  }
}
