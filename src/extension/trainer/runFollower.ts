/** Follows the events of one run: its file first, then the socket of the trainer that works on it. */
import { lstat, open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readRecord, readRecordLine, type CountedRecord, type EventRecord } from '../../shared/eventRecord.js';
import { isAlive } from '../../shared/processes.js';
import { isOurSocket, type PathFacts } from '../../shared/runSocket.js';
import { runFiles } from '../../shared/runFolder.js';
import type { RecordedEvent, RunRequest } from '../../trainer/protocol.js';
import { JsonLines } from './jsonLines.js';
import { isMissing, readLock } from './runFolder.js';

/** A trainer that has just written its lock or lost a connection is tried this often, this many milliseconds apart. */
const attempts = 5;
const between = 200;

export interface RunListener {
  /** New events, in the order of `seq`, each once. */
  onEvents(events: RecordedEvent[]): void;
  /** A trainer was found (`attached`) or is gone; before the latter, all events of its file were passed on. */
  onAttached(attached: boolean): void;
  /** The folder could not be read while it was followed. */
  onFailure(error: unknown): void;
}

export class RunFollower {
  #events: RecordedEvent[] = [];
  /** The number of the next record. */
  #next = 0;
  #defect: string | undefined;
  #read = 0;
  #socket: Socket | undefined;
  #disposed = false;
  #work: Promise<void> = Promise.resolve();

  constructor(
    readonly folder: string,
    private readonly listener: RunListener,
    /** Puts what an event says into the language of this window. */
    private readonly inOwnWords: (event: RecordedEvent) => RecordedEvent = (event) => event,
  ) {}

  /** All events so far. */
  get events(): readonly RecordedEvent[] {
    return this.#events;
  }

  /** What is wrong with the first record that could not be read and was skipped; undefined while all could be. */
  get defect(): string | undefined {
    return this.#defect;
  }

  /** Whether a living trainer works on the run. */
  get attached(): boolean {
    return this.#socket !== undefined;
  }

  /**
   * Reads what is new in the file and looks for a trainer. Call it at the start and whenever the folder may have
   * changed.
   */
  refresh(): Promise<void> {
    const work = this.#work.then(() => this.#refresh());
    // The caller gets a failure; the next refresh must not.
    this.#work = work.catch(() => undefined);
    return work;
  }

  /** Sends the trainer a request; false when there is no trainer. */
  send(request: RunRequest): boolean {
    return this.#socket?.write(`${JSON.stringify(request)}\n`) !== undefined;
  }

  dispose(): void {
    this.#disposed = true;
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #refresh(): Promise<void> {
    if (this.#disposed) return;
    if (!this.#socket) await this.#attach();
    await this.#readFile();
  }

  async #attach(): Promise<void> {
    for (let attempt = 0; attempt < attempts && !this.#disposed; attempt++) {
      if (attempt > 0) await pause(between);
      const lock = await readLock(this.folder);
      // A trainer on another machine, in a shared folder, is seen only by its log.
      if (!lock || lock.host !== hostname() || !isAlive(lock.pid)) return;
      // Anybody may have put a lock into a folder: only a socket of this user's own trainers is connected to.
      if (!(await isTrusted(lock.socket))) return;
      const socket = await reach(lock.socket);
      if (!socket) continue;
      if (this.#disposed) return void socket.destroy();
      this.#listen(socket);
      this.listener.onAttached(true);
      return;
    }
  }

  #listen(socket: Socket): void {
    const lines = new JsonLines();
    this.#socket = socket;
    socket.on('data', (chunk) => {
      const records = lines.push(chunk).map(readRecord);
      const isNew = (record: EventRecord): record is CountedRecord =>
        record.defect === undefined && record.seq >= this.#next;
      const first = records.find(isNew);
      // The file is written before the socket: a gap, such as what happened before the connection, is filled from
      // there.
      if (first && first.seq > this.#next) this.refresh().catch(this.listener.onFailure);
      else this.#take(records);
    });
    // An error is always followed by 'close'; a killed trainer resets the connection.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.refresh()
        .then(() => {
          if (!this.#socket && !this.#disposed) this.listener.onAttached(false);
        })
        .catch(this.listener.onFailure);
    });
  }

  /** Takes what is new. An event of an unknown type is counted and skipped. */
  #take(records: readonly EventRecord[]): void {
    const fresh: RecordedEvent[] = [];
    for (const record of records) {
      if (record.defect !== undefined) {
        this.#defect ??= record.defect;
        continue;
      }
      if (record.seq < this.#next) continue;
      this.#next = record.seq + 1;
      if (!record.event) continue;
      const event = this.inOwnWords(record.event);
      this.#events.push(event);
      fresh.push(event);
    }
    if (fresh.length > 0 && !this.#disposed) this.listener.onEvents(fresh);
  }

  /** Takes the whole lines that were added to `events.jsonl` since the last time. */
  async #readFile(): Promise<void> {
    let file;
    try {
      file = await open(join(this.folder, runFiles.events));
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    try {
      const { size } = await file.stat();
      if (size <= this.#read) return;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - this.#read), 0, size - this.#read, this.#read);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1;
      this.#read += end;
      const lines = buffer
        .subarray(0, end)
        .toString('utf8')
        .split('\n')
        .filter((line) => line.trim() !== '');
      this.#take(lines.map(readRecordLine));
    } finally {
      await file.close();
    }
  }
}

async function look(path: string): Promise<PathFacts | undefined> {
  const found = await lstat(path).catch(() => undefined);
  const kind = found?.isSocket() ? 'socket' : found?.isDirectory() ? 'folder' : 'other';
  return found && { kind, owner: found.uid, mode: found.mode };
}

const isTrusted = (address: string): Promise<boolean> =>
  isOurSocket(address, { isWindows: process.platform === 'win32', user: process.getuid?.(), look });

/** A connection to a socket or pipe; undefined where nobody listens. */
function reach(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => resolve(undefined));
  });
}
