/** Follows the events of one run: its file first, then the socket of the trainer that works on it. */
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RecordedEvent, RunRequest } from '../../trainer/protocol.js';
import { JsonLines, parseLines } from './jsonLines.js';
import { isMissing, readLock } from './runFolder.js';

/** A trainer that has just written its lock or lost a connection is tried this often, this many milliseconds apart. */
const attempts = 5;
const between = 200;

export interface RunListener {
  /** New events, in the order of `seq`, each once. */
  onEvents(events: RecordedEvent[]): void;
  /** A trainer was found (`attached`) or is gone; all events of its file have been told before the latter. */
  onAttached(attached: boolean): void;
  /** The folder could not be read while it was followed. */
  onFailure(error: unknown): void;
}

export class RunFollower {
  #events: RecordedEvent[] = [];
  #read = 0;
  #socket: Socket | undefined;
  #disposed = false;
  #work: Promise<void> = Promise.resolve();

  constructor(
    readonly folder: string,
    private readonly listener: RunListener,
  ) {}

  /** All events so far. */
  get events(): readonly RecordedEvent[] {
    return this.#events;
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
    // The caller hears of a failure; the next refresh must not.
    this.#work = work.catch(() => undefined);
    return work;
  }

  /** Tells the trainer something; false when there is none. */
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
      // What trains on another machine, in a shared folder, is seen by its log alone.
      if (!lock || lock.host !== hostname() || !isAlive(lock.pid)) return;
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
      const unseen = (lines.push(chunk) as RecordedEvent[]).filter((event) => event.seq >= this.#next);
      // The file is written before the socket: a gap, such as what happened before the connection, is filled from
      // there.
      if (unseen[0] && unseen[0].seq > this.#next) this.refresh().catch(this.listener.onFailure);
      else this.#take(unseen);
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

  get #next(): number {
    return (this.#events.at(-1)?.seq ?? -1) + 1;
  }

  #take(events: RecordedEvent[]): void {
    const fresh: RecordedEvent[] = [];
    for (const event of events) {
      if (!(event.seq >= this.#next)) continue;
      this.#events.push(event);
      fresh.push(event);
    }
    if (fresh.length > 0 && !this.#disposed) this.listener.onEvents(fresh);
  }

  /** Takes the whole lines that were added to `events.jsonl` since the last time. */
  async #readFile(): Promise<void> {
    let file;
    try {
      file = await open(join(this.folder, 'events.jsonl'));
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
      this.#take(parseLines(buffer.subarray(0, end).toString('utf8')) as RecordedEvent[]);
    } finally {
      await file.close();
    }
  }
}

/** Whether a process of this number lives; one of another user counts. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A connection to a socket or pipe; undefined where nobody listens. */
function reach(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => resolve(undefined));
  });
}
