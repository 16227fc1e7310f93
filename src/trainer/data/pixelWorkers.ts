/**
 * Owns the worker threads that fill batches, so that a training step on the main thread and the making of the next
 * batches overlap.
 */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { publishSpan } from '../core/stages.js';
import { startThread } from '../core/startThread.js';
import { errors } from '../errors/errors.js';
import { type DecodeSlot, lendDecodeSlot, takeBackDecodeSlot } from './decodeMemory.js';
import type { PixelReply, PixelJob } from './pixelWorker.js';

/** A thread that ends is replaced so often; more than that, and the cause is not chance. */
const maxRestarts = 3;

interface Pending {
  worker: Worker;
  resolve: (reply: PixelReply) => void;
  reject: (error: unknown) => void;
}

export class PixelWorkers {
  readonly #workers: Worker[] = [];
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #restarts = 0;
  #closed = false;

  /**
   * A worker for every four cores: one fills some 600 images a second at 224 pixels, and the training wants the cores
   * too.
   */
  constructor(
    count = Math.max(1, Math.min(4, Math.floor(availableParallelism() / 4))),
    private readonly start: (slot: DecodeSlot) => Worker = (slot) => startThread('data/pixelWorker', slot),
  ) {
    for (let i = 0; i < count; i++) this.#workers.push(this.#start());
  }

  /** @throws UserError if the worker ends before its response, or all workers have ended too often. */
  run(job: Omit<PixelJob, 'id'>): Promise<PixelReply> {
    if (this.#closed) throw new Error('The image store is closed.');
    const id = this.#next++;
    const worker = this.#workers[id % this.#workers.length];
    if (!worker) return Promise.reject(errors.imageWorkersLost(maxRestarts));
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { worker, resolve, reject });
      // An idle thread must not keep the process from ending; a busy one must.
      worker.ref();
      worker.postMessage({ ...job, id } satisfies PixelJob);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    for (const { reject } of this.#pending.values())
      reject(new Error('The image store was closed while a batch was being made.'));
    this.#pending.clear();
  }

  #start(): Worker {
    const slot = lendDecodeSlot();
    const worker = this.start(slot);
    worker.unref();
    worker.on('message', (reply: PixelReply) => {
      publishSpan(
        reply.hasDecoded ? 'decode' : 'augment',
        reply.started - performance.timeOrigin,
        reply.ended - performance.timeOrigin,
      );
      this.#take(reply.id)?.resolve(reply);
    });
    worker.on('error', (error) => this.#lose(worker, error));
    worker.on('messageerror', (error) => this.#lose(worker, error));
    worker.on('exit', (code) => {
      takeBackDecodeSlot(slot);
      this.#lose(worker, errors.imageWorkerLost(code));
    });
    return worker;
  }

  /** Rejects the worker's requests, and starts another worker in its place, unless that happened too often. */
  #lose(worker: Worker, error: unknown): void {
    for (const [id, pending] of this.#pending) if (pending.worker === worker) this.#take(id)?.reject(error);
    const index = this.#workers.indexOf(worker);
    if (this.#closed || index < 0) return;
    if (this.#restarts++ < maxRestarts) this.#workers[index] = this.#start();
    else this.#workers.splice(index, 1);
    // After a message that cannot be read the thread still runs.
    void worker.terminate();
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending && ![...this.#pending.values()].some(({ worker }) => worker === pending.worker)) pending.worker.unref();
    return pending;
  }
}
