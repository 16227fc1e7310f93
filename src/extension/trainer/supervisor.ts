/** Starts trainer processes that outlive the window, and never the same work twice. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TrainedAgain } from '../../shared/runFolder.js';
import type { CommandOutputs, Failure } from '../../trainer/protocol.js';
import { ShownError } from '../errors/shownError.js';
import { parseLines } from './jsonLines.js';
import type { Launch } from './launch.js';
import { isMissing } from './runFolder.js';
import { lastLines, TrainerDied } from './trainerDied.js';

/** How a process ended: its exit code, or the signal that ended it. */
export type Ending = number | NodeJS.Signals | null;

/**
 * Whether a process was ended from outside, without a chance to save: as Linux ends one when memory runs out; 137 is
 * the word of shells and containers for it.
 */
export const isKilled = (ending: Ending | undefined): boolean => ending === 'SIGKILL' || ending === 137;

/** Whether the last words of a trainer are those of V8 whose memory ran out: it ends the process at once. */
export const hasRunOutOfMemory = (tail: string): boolean => /\bOOM\b|out of memory/i.test(tail);

/**
 * A trainer's connection may break off a moment before its process is known to have ended; longer is not waited for
 * that, in milliseconds.
 */
const untilEnded = 2000;

/** How often the log of a starting trainer is looked at, in milliseconds. */
const lookEvery = 100;

/** The trainer's exit code when it was stopped before it had begun. */
const cancelled = 130;

export interface StartOptions {
  /** The run folder to resume. */
  resume?: string;
  /** The run to train again as it was trained, in the place of the config. */
  again?: TrainedAgain;
  signal?: AbortSignal;
  /** Receives the downloaded bytes of a model or a dataset, if it is downloaded first. */
  onDownload?: (progress: { done: number; total: number }) => void;
}

export class Supervisor {
  readonly #starting = new Set<string>();
  /** Of the last trainer that this window started with a config. */
  readonly #endings = new Map<string, Promise<{ code: Ending } | { error: Error }>>();

  constructor(
    private readonly launch: Launch,
    /** Where what the trainers print is kept, one file a config. */
    private readonly logs: string,
  ) {}

  /** Whether a trainer is being started with this config. */
  isStarting(config: string): boolean {
    return this.#starting.has(config);
  }

  /**
   * The file with what the last trainer of this config printed. A window that was reloaded finds it by the config
   * alone.
   */
  logOf(config: string): string {
    return join(this.logs, `${createHash('sha256').update(config).digest('hex').slice(0, 16)}.log`);
  }

  /** The last lines of that file that are not events (the run folder has the events); empty if there are none. */
  async tailOf(config: string): Promise<string> {
    return lastWords(await this.#read(config));
  }

  /** How the last trainer of this config ended; undefined where this window did not start it, or it has not ended. */
  async endingOf(config: string): Promise<Ending | undefined> {
    const end = await Promise.race([this.#endings.get(config), pause(untilEnded)]);
    return end && 'code' in end ? end.code : undefined;
  }

  /**
   * Starts a trainer and waits until it says in which run folder it works. Throws `ShownError` for what it says is
   * wrong, `TrainerDied` when it ends without a word, `AbortError` when cancelled before it began.
   */
  async start(config: string, options: StartOptions = {}): Promise<string> {
    const { resume, again, signal, onDownload } = options;
    this.launch.requireAllowed();
    if (this.#starting.has(config)) throw new Error(`A trainer is being started with ${config}`);
    this.#starting.add(config);
    try {
      await mkdir(this.logs, { recursive: true });
      signal?.throwIfAborted();
      const log = openSync(this.logOf(config), 'w');
      const args = [
        'train',
        again?.run ?? config,
        '--json',
        ...(again ? ['--again', again.from] : []),
        ...(resume === undefined ? [] : ['--resume', '--set', `output=${resume}`]),
      ];
      const child = spawn(this.launch.executable, [this.launch.scripts.main, ...args], {
        cwd: dirname(again?.run ?? config),
        env: this.launch.env,
        detached: true,
        windowsHide: true,
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      const ended = new Promise<{ code: Ending } | { error: Error }>((resolve) => {
        child.once('error', (error) => resolve({ error }));
        child.once('exit', (code, killer) => resolve({ code: code ?? killer }));
      });
      this.#endings.set(config, ended);
      child.unref();
      return await this.#firstOutput(config, ended, () => child.kill(), signal, onDownload);
    } finally {
      this.#starting.delete(config);
    }
  }

  async #firstOutput(
    config: string,
    ended: Promise<{ code: Ending } | { error: Error }>,
    kill: () => void,
    signal?: AbortSignal,
    onDownload?: StartOptions['onDownload'],
  ): Promise<string> {
    for (;;) {
      const end = await Promise.race([ended, pause(lookEvery)]);
      const text = await this.#read(config);
      // The trainer is of the same package: the compiler has checked there what it prints.
      const outputs = parseLines(text) as unknown as (CommandOutputs['train'] | Failure)[];
      const download = outputs.findLast((output) => output.type === 'progress' && output.phase === 'download');
      if (download?.type === 'progress') onDownload?.(download);
      const first = outputs.find((output) => output.type === 'started' || output.type === 'error');
      if (first?.type === 'started') return first.run;
      if (first?.type === 'error') throw new ShownError(first);
      if (end && 'error' in end) throw end.error;
      // It was stopped before it had begun.
      if (end?.code === cancelled) throw new DOMException(`The training of ${config} was cancelled`, 'AbortError');
      if (end) throw new TrainerDied(end.code, lastWords(text));
      if (signal?.aborted) {
        kill();
        signal.throwIfAborted();
      }
    }
  }

  async #read(config: string): Promise<string> {
    try {
      return await readFile(this.logOf(config), 'utf8');
    } catch (error) {
      if (isMissing(error)) return '';
      throw error;
    }
  }
}

function lastWords(text: string): string {
  return lastLines(text.replace(/^\{.*$/gm, ''));
}
