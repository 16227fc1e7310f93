/** Starts worker threads. */
import { Worker } from 'node:worker_threads';

/**
 * Runs `src/trainer/NAME.ts` as a thread. In the bundle it is a file of its own beside the others; run from source (in
 * tests) the thread must register the TypeScript loader first.
 */
export function startThread(name: string, workerData?: unknown): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(`./${name}.mjs`, import.meta.url), { workerData });
  const source = JSON.stringify(new URL(`../${name}.ts`, import.meta.url).href);
  // Nothing else keeps the thread alive until the worker listens.
  const script = `require('node:worker_threads').parentPort.ref();
    import('tsx/esm/api').then(({ register }) => (register(), import(${source})));`;
  return new Worker(script, { eval: true, workerData });
}
