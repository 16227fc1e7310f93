/** A process of the trainer that answers requests over IPC: started when needed, and ended when idle. */
import { fork, type ChildProcess } from 'node:child_process';
import type { ErrorInfo } from '../../trainer/protocol.js';
import { ShownError } from '../errors/shownError.js';
import type { Launch } from './launch.js';
import { lastLines, TrainerDied } from './trainerDied.js';

interface Pending<Response> {
  onResponse: (answer: Response) => void;
  resolve: () => void;
  reject: (error: Error) => void;
}

type Without<Key extends string, Union> = Union extends unknown ? Omit<Union, Key> : never;
/** A request before it has its number. */
export type Asked<Request> = Without<'id', Exclude<Request, { type: 'cancel' }>>;

export interface WarmProcessOptions<Response> {
  /** What the trainer's main program is told to do. */
  command: string;
  /** Milliseconds without a request after which the process ends. */
  idle: number;
  /** The responses after which there are no more to a request; that of type `error` is always the last. */
  isLast: (answer: Response) => boolean;
}

/** `Request` has a row `{ type: 'cancel'; request }`, and `Response` one of type `error`. */
export class WarmProcess<Request extends { id: number; type: string }, Response extends { id: number; type: string }> {
  #child: ChildProcess | undefined;
  #said = '';
  #next = 0;
  #pending = new Map<number, Pending<Response>>();
  #idle: NodeJS.Timeout | undefined;

  constructor(
    private readonly launch: Launch,
    private readonly options: WarmProcessOptions<Response>,
  ) {}

  /** The process at work, if any. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends the process; the next request starts another. */
  dispose(): void {
    clearTimeout(this.#idle);
    this.#child?.kill();
  }

  /** Throws `ShownError` for what the trainer says is wrong, `TrainerDied` when it says nothing, or `AbortError`. */
  ask(request: Asked<Request>, onResponse: (answer: Response) => void, signal?: AbortSignal): Promise<void> {
    const id = this.#next++;
    const child = this.#started();
    const send = (message: object) => child.connected && child.send(message);
    const cancel = () => send({ id: this.#next++, type: 'cancel', request: id });
    return new Promise<void>((resolve, reject) => {
      this.#pending.set(id, { onResponse, resolve, reject });
      clearTimeout(this.#idle);
      send({ id, ...request });
      signal?.addEventListener('abort', cancel, { once: true });
    }).finally(() => {
      signal?.removeEventListener('abort', cancel);
      this.#pending.delete(id);
      if (this.#pending.size === 0) this.#idle = setTimeout(() => this.#child?.kill(), this.options.idle).unref();
      signal?.throwIfAborted();
    });
  }

  #started(): ChildProcess {
    if (this.#child?.connected) return this.#child;
    this.launch.requireAllowed();
    this.#said = '';
    const child = fork(this.launch.scripts.main, [this.options.command], {
      execPath: this.launch.executable,
      // The extension host's own flags are not for the trainer.
      execArgv: [],
      env: this.launch.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Bytes and numbers go as they are, not as text.
      serialization: 'advanced',
    });
    this.#child = child;
    const listen = (chunk: Buffer) => (this.#said = (this.#said + chunk.toString('utf8')).slice(-20_000));
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.on('message', (answer) => this.#answer(answer as Response));
    child.once('error', (error) => this.#gone(child, error));
    child.once('exit', (code, killer) => this.#gone(child, new TrainerDied(code ?? killer, lastLines(this.#said))));
    return child;
  }

  #answer(answer: Response): void {
    const pending = this.#pending.get(answer.id);
    if (!pending) return;
    if (answer.type === 'error') return pending.reject(new ShownError(infoIn(answer as Response & ErrorInfo)));
    pending.onResponse(answer);
    if (this.options.isLast(answer)) pending.resolve();
  }

  #gone(child: ChildProcess, error: Error): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    for (const pending of this.#pending.values()) pending.reject(error);
  }
}

/** What is wrong, in a response that says so. */
export function infoIn({ id: _id, type: _type, ...info }: { id: number; type: string } & ErrorInfo): ErrorInfo {
  return info;
}
