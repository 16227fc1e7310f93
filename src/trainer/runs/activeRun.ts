/**
 * A run that this process works on: its folder, locked, with the log of events and the socket that windows attach to.
 */
import { clearUnfinished } from '../checkpoint/store.js';
import { loadConfig, type LoadedConfig } from '../config/load.js';
import type { RecordedEvent, TrainEvent } from '../protocol.js';
import { ControlServer } from './controlServer.js';
import { EventLog } from './eventLog.js';
import { acquireLock } from './lock.js';
import {
  createRunFolder,
  describeRun,
  findRunToResume,
  lastCheckpoint,
  readRunInfo,
  removeFolderIfEmpty,
  removeRun,
  repairRun,
  requireNew,
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
   * Continues an unfinished run with its original overrides; the current overrides apply after them. Throws a
   * `UserError` when there is none or another trainer works on it.
   */
  static async resume(given: LoadedConfig): Promise<ActiveRun> {
    const folder = await findRunToResume(given);
    const { overrides = [] } = await readRunInfo(folder);
    const keyOf = (override: string): string => override.slice(0, override.indexOf('='));
    const kept = overrides.filter((old) => !given.overrides.some((override) => keyOf(override) === keyOf(old)));
    return ActiveRun.#open(kept.length ? await loadConfig(given.path, [...kept, ...given.overrides]) : given, folder);
  }

  /** `check` throws where the run, now that it is locked, is not what it should be. */
  static async #open(
    loaded: LoadedConfig,
    path: string,
    check: (run: string) => Promise<void> = async () => {},
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
      const { name } = await describeRun(path, loaded);
      return new ActiveRun(
        path,
        loaded,
        name,
        await lastCheckpoint(path),
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
