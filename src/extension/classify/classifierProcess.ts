/** The warm process that classifies images: started when needed, restarted after a crash, ended when idle. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Explanation } from '../../shared/explanation.js';
import type { Classification, ErrorInfo, ServeResponse, ServeRequest } from '../../trainer/protocol.js';
import type { Launch } from '../trainer/launch.js';
import { TrainerDied } from '../trainer/trainerDied.js';
import { infoIn, WarmProcess } from '../trainer/warmProcess.js';

export interface ClassifyRequest {
  checkpoint: string;
  paths: string[];
  top: number;
  /** The share of validation images that counts as known; undefined: that of the checkpoint. */
  accepted?: number | undefined;
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

export class ClassifierProcess {
  readonly #process: WarmProcess<ServeRequest, ServeResponse>;

  constructor(
    launch: Launch,
    private readonly options: ClassifierOptions,
  ) {
    this.#process = new WarmProcess(launch, {
      command: 'serve',
      idle: options.idle,
      isLast: ({ type }) => type === 'done' || type === 'preview',
    });
  }

  /** The process at work, if any. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Classifies images. A crash of the process loses no result: a fresh process gets the remaining images, and an image
   * that crashes it a second time gets its own error. Throws `ShownError`, `TrainerDied` or `AbortError`.
   */
  async classify({ checkpoint, paths, top, accepted, signal, onResult }: ClassifyRequest): Promise<void> {
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
        const onResponse = (answer: ServeResponse) => {
          if (answer.type === 'classification') answered(answer.result);
          if (answer.type === 'notice') this.options.onNotice(infoIn(answer));
        };
        await this.#process.ask({ type: 'classify', checkpoint, paths: left, top, accepted }, onResponse, signal);
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
   * Why the checkpoint answers to an image as it does, for a class, by default the likeliest. Throws `ShownError`,
   * `TrainerDied` or `AbortError`.
   */
  async explain(
    { checkpoint, path, label }: { checkpoint: string; path: string; label?: string | undefined },
    signal: AbortSignal,
  ): Promise<Explanation> {
    let result: Explanation | undefined;
    const onResponse = (answer: ServeResponse) => answer.type === 'explanation' && (result = answer.result);
    await this.#process.ask({ type: 'explain', checkpoint, path, label }, onResponse, signal);
    if (!result) throw new Error(`There was no explanation of ${path}`);
    return result;
  }

  /**
   * A preview of an image, at most `side` pixels wide and high, as a data URI. Throws `ShownError` where the image
   * cannot be read, `TrainerDied` where it ends the process.
   */
  async preview(path: string, side: number): Promise<string> {
    let src: string | undefined;
    const onResponse = (answer: ServeResponse) => answer.type === 'preview' && (src = answer.src);
    await this.#process.ask({ type: 'preview', path, side }, onResponse);
    if (src === undefined) throw new Error(`There was no preview of ${path}`);
    return src;
  }

  /** Ends the process; the next request starts another. */
  dispose(): void {
    this.#process.dispose();
  }
}
