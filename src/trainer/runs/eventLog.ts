/** `events.jsonl`: everything that happened in a run, one JSON object a line, only ever added to. */
import { closeSync, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readInput } from '../core/files.js';
import { asSaveError } from '../checkpoint/store.js';
import { errors, reasonOf } from '../errors/errors.js';
import { readRecordLine, type CountedRecord } from '../../shared/eventRecord.js';
import { runFiles } from '../../shared/runFolder.js';
import type { RecordedEvent, TrainEvent } from '../protocol.js';

export const eventsFile = (run: string): string => join(run, runFiles.events);

/** The whole lines of the log and how many bytes they are; a last one cut off by a crash is left out. */
async function readWhole(file: string): Promise<{ text: string; bytes: number }> {
  const content = await readInput(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw errors.fileUnreadable(file, reasonOf(error));
  });
  const bytes = content.lastIndexOf('\n') + 1;
  return { text: content.toString('utf8', 0, bytes), bytes };
}

function recordOf(line: string, file: string): CountedRecord {
  const record = readRecordLine(line);
  if (record.defect !== undefined) throw errors.run.damaged(file, record.defect);
  return record;
}

/** The last record of a run; undefined when nothing has happened yet. */
async function readLastRecord(run: string): Promise<CountedRecord | undefined> {
  const file = eventsFile(run);
  const last = (await readWhole(file)).text.trimEnd().split('\n').at(-1);
  return last ? recordOf(last, file) : undefined;
}

/** The last event of a run; undefined when nothing has happened yet, or only a newer version knows what. */
export async function readLastEvent(run: string): Promise<RecordedEvent | undefined> {
  return (await readLastRecord(run))?.event;
}

/** Every event of a run, in order. Events of types that this version does not know are skipped. */
export async function readEvents(run: string): Promise<RecordedEvent[]> {
  const file = eventsFile(run);
  const { text } = await readWhole(file);
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => recordOf(line, file).event ?? []);
}

/** Open for appending, by the holder of the run's lock. */
export class EventLog {
  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
    private bytes: number,
    private seq: number,
  ) {}

  /** Continues after the last whole line; what a killed trainer left of another is cut off. */
  static async open(run: string): Promise<EventLog> {
    const file = eventsFile(run);
    const { bytes } = await readWhole(file);
    const seq = ((await readLastRecord(run))?.seq ?? -1) + 1;
    try {
      const descriptor = openSync(file, 'a');
      ftruncateSync(descriptor, bytes);
      return new EventLog(file, descriptor, bytes, seq);
    } catch (error) {
      throw asSaveError(error, file);
    }
  }

  /**
   * Numbers the event, stamps it with the time and writes it; on a full disk throws a UserError and leaves no half
   * line.
   */
  append(event: TrainEvent): RecordedEvent {
    const recorded: RecordedEvent = { ...event, seq: this.seq, time: Date.now() };
    const line = Buffer.from(`${JSON.stringify(recorded)}\n`);
    this.#requireInPlace();
    try {
      for (let done = 0; done < line.length;) done += writeSync(this.descriptor, line, done);
    } catch (error) {
      ftruncateSync(this.descriptor, this.bytes);
      throw asSaveError(error, this.file);
    }
    this.bytes += line.length;
    this.seq += 1;
    return recorded;
  }

  /** The system keeps an open file that was deleted, and what is written to it would be lost in silence. */
  #requireInPlace(): void {
    const there = statSync(this.file, { throwIfNoEntry: false });
    if (!there || there.ino !== fstatSync(this.descriptor).ino) throw errors.run.folderGone(dirname(this.file));
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
