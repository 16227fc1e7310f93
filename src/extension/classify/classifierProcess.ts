/** The warm process that classifies images: started when needed, restarted after a crash, ended when idle. */
import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { Classification, ErrorInfo, ServeResponse, ServeRequest } from '../../trainer/protocol.js';
import { ShownError } from '../errors/shownError.js';
import type { Launch } from '../trainer/launch.js';
import { lastLines, TrainerDied } from '../trainer/trainerDied.js';

export interface ClassifyRequest {
  checkpoint: string;
  paths: string[];
  top: number;
  signal?: AbortSignal;
  /** The result of each image as it arrives, in the order of `paths`. */
  onResult: (result: Classification) => void;
}

export interface ClassifierOptions {
  /** Milliseconds without a request after which the process ends. */
  idle: number;
  /** Milliseconds before the first restart after a crash; doubled for each further one. */
  backoff: number;
  /** Consecutive crashes without a result, after which the request fails. */
  crashes: number;
  /** The error for an image that crashed the process twice. */
  onPoison: (path: string) => Classification;
  /** What a model's files leave open, each time that it is opened. */
  onNotice: (notice: ErrorInfo) => void;
}

interface Pending {
  onResponse: (answer: ServeResponse) => void;
  resolve: () => void;
  reject: (error: Error) => void;
}

type Without<Key extends string, Union> = Union extends unknown ? Omit<Union, Key> : never;
/** A request before it has its number. */
type Asked = Without<'id', Exclude<ServeRequest, { type: 'cancel' }>>;

const infoIn = ({ id: _id, type: _type, ...info }: ServeResponse & ErrorInfo): ErrorInfo => info;

export class ClassifierProcess {
  #child: ChildProcess | undefined;
  #said = '';
  #next = 0;
  #pending = new Map<number, Pending>();
  #idle: NodeJS.Timeout | undefined;

  constructor(
    private readonly launch: Launch,
    private readonly options: ClassifierOptions,
  ) {}

  /** The process at work, if any. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Classifies images. A crash of the process loses no result: a fresh process gets the remaining images, and an image
   * that crashes it a second time gets its own error. Throws `ShownError`, `TrainerDied` or `AbortError`.
   */
  async classify({ checkpoint, paths, top, signal, onResult }: ClassifyRequest): Promise<void> {
    let left = paths;
    let crashes = 0;
    let suspect: string | undefined;
    const answered = (result: Classification) => {
      left = left.slice(1);
      crashes = 0;
      onResult(result);
    };
    while (left.length > 0) {
      signal?.throwIfAborted();
      try {
        const onResponse = (answer: ServeResponse) => answer.type === 'classification' && answered(answer.result);
        await this.#ask({ type: 'classify', checkpoint, paths: left, top }, onResponse, signal);
        return;
      } catch (error) {
        if (!(error instanceof TrainerDied) || ++crashes >= this.options.crashes) throw error;
        // The first unanswered image was being classified; if that is so twice, the image is the reason.
        const first = left[0];
        if (first !== undefined && first === suspect) {
          left = left.slice(1);
          onResult(this.options.onPoison(first));
        }
        suspect = first;
        await pause(this.options.backoff * 2 ** (crashes - 1), undefined, { signal });
      }
    }
  }

  /**
   * A preview of an image, at most `side` pixels wide and high, as a data URI. Throws `ShownError` where the image
   * cannot be read, `TrainerDied` where it ends the process.
   */
  async preview(path: string, side: number): Promise<string> {
    let src: string | undefined;
    await this.#ask({ type: 'preview', path, side }, (answer) => answer.type === 'preview' && (src = answer.src));
    if (src === undefined) throw new Error(`There was no preview of ${path}`);
    return src;
  }

  /** Ends the process; the next request starts another. */
  dispose(): void {
    clearTimeout(this.#idle);
    this.#child?.kill();
  }

  #ask(request: Asked, onResponse: (answer: ServeResponse) => void, signal?: AbortSignal): Promise<void> {
    const id = this.#next++;
    const child = this.#started();
    const send = (message: ServeRequest) => child.connected && child.send(message);
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
    const child = fork(this.launch.scripts.main, ['serve'], {
      execPath: this.launch.executable,
      // The extension host's own flags are not for the trainer.
      execArgv: [],
      env: this.launch.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    const listen = (chunk: Buffer) => (this.#said = (this.#said + chunk.toString('utf8')).slice(-20_000));
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.on('message', (answer) => this.#answer(answer as ServeResponse));
    child.once('error', (error) => this.#gone(child, error));
    child.once('exit', (code, killer) => this.#gone(child, new TrainerDied(code ?? killer, lastLines(this.#said))));
    return child;
  }

  #answer(answer: ServeResponse): void {
    const pending = this.#pending.get(answer.id);
    if (!pending) return;
    if (answer.type === 'classification') pending.onResponse(answer);
    else if (answer.type === 'notice') this.options.onNotice(infoIn(answer));
    else if (answer.type === 'preview') {
      pending.onResponse(answer);
      pending.resolve();
    } else if (answer.type === 'done') pending.resolve();
    else pending.reject(new ShownError(infoIn(answer)));
  }

  #gone(child: ChildProcess, error: Error): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    for (const pending of this.#pending.values()) pending.reject(error);
  }
}
