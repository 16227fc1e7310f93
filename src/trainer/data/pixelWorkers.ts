/**
 * Owns the worker threads that fill batches, so that a training step on the main thread and the making of the next
 * batches overlap.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { publishSpan } from '../core/stages.js';
import type { PixelAnswer, PixelJob } from './pixelWorker.js';

/**
 * In the bundle the worker is a file next to it. Run from source (in tests), the thread must register the TypeScript
 * loader first.
 */
function startWorker(): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./data/pixelWorker.mjs', import.meta.url));
  const source = JSON.stringify(new URL('./pixelWorker.ts', import.meta.url).href);
  return new Worker(`import('tsx/esm/api').then(({ register }) => (register(), import(${source})));`, { eval: true });
}

interface Waiting {
  worker: Worker;
  resolve: (answer: PixelAnswer) => void;
  reject: (error: unknown) => void;
}

export class PixelWorkers {
  readonly #workers: Worker[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #closed = false;

  /**
   * A worker for every four cores: one fills some 600 images a second at 224 pixels, and the training wants the cores
   * too.
   */
  constructor(count = Math.max(1, Math.min(4, Math.floor(availableParallelism() / 4)))) {
    for (let i = 0; i < count; i++) this.#workers.push(this.#start());
  }

  run(job: Omit<PixelJob, 'id'>): Promise<PixelAnswer> {
    if (this.#closed) throw new Error('The image store is closed.');
    const id = this.#next++;
    const worker = this.#workers[id % this.#workers.length]!;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { worker, resolve, reject });
      // An idle thread must not keep the process from ending; a busy one must.
      worker.ref();
      worker.postMessage({ ...job, id } satisfies PixelJob);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    for (const { reject } of this.#waiting.values())
      reject(new Error('The image store was closed while a batch was being made.'));
    this.#waiting.clear();
  }

  #start(): Worker {
    const worker = startWorker();
    worker.unref();
    worker.on('message', (answer: PixelAnswer) => {
      publishSpan(
        answer.hasDecoded ? 'decode' : 'augment',
        answer.started - performance.timeOrigin,
        answer.ended - performance.timeOrigin,
      );
      this.#take(answer.id)?.resolve(answer);
    });
    worker.on('error', (error) => {
      for (const [id, waiting] of this.#waiting) if (waiting.worker === worker) this.#take(id)?.reject(error);
      const index = this.#workers.indexOf(worker);
      if (!this.#closed && index >= 0) this.#workers[index] = this.#start();
    });
    return worker;
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting && ![...this.#waiting.values()].some(({ worker }) => worker === waiting.worker)) waiting.worker.unref();
    return waiting;
  }
}
