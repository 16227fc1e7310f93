/** Which changes of images are being made: a window that ends in the middle of one leaves its file for the next. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '../../shared/processes.js';
import { isMissing } from '../trainer/runFolder.js';
import type { Work } from './work.js';

export interface Begun {
  /** What is done then, in words. */
  title: string;
  dataset: string;
  work: Work;
}

export interface Interrupted extends Begun {
  /** Somebody has seen to it. */
  forget(): Promise<void>;
}

/** Grows when `Work` changes its shape: what an older version began is then left as it is. */
const format = 1;

export class ChangeJournal {
  constructor(private readonly folder: string) {}

  /** What is returned is called when the change is over, however it ended. */
  async begin(begun: Begun): Promise<() => Promise<void>> {
    await mkdir(this.folder, { recursive: true });
    const file = join(this.folder, `${process.pid}-${randomUUID()}.json`);
    const part = `${file}.tmp`;
    const handle = await open(part, 'wx');
    try {
      await handle.writeFile(JSON.stringify({ format, ...begun }));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
    return () => rm(file, { force: true });
  }

  /** The changes of windows that are gone; asked before this one begins any. */
  async interrupted(): Promise<Interrupted[]> {
    const names = await readdir(this.folder).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    const found: Interrupted[] = [];
    for (const name of names) {
      const pid = Number(/^(\d+)-/.exec(name)?.[1]);
      // A number that is this window's was another's before.
      if (pid !== process.pid && isAlive(pid)) continue;
      const file = join(this.folder, name);
      const forget = () => rm(file, { force: true });
      // What was not yet written whole had not yet begun.
      const begun = name.endsWith('.json') ? begunIn(await readFile(file, 'utf8')) : undefined;
      if (begun) found.push({ ...begun, forget });
      else await forget();
    }
    return found;
  }
}

function begunIn(text: string): Begun | undefined {
  try {
    const value = JSON.parse(text) as (Begun & { format: unknown }) | null;
    return value?.format === format ? value : undefined;
  } catch (error) {
    // The disk lost its end: nothing can be said of it.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
