/** Starts worker threads. */
import { Worker } from 'node:worker_threads';

/**
 * Runs `src/trainer/NAME.ts` as a thread. In the bundle it is a file of its own beside the others; run from source (in
 * tests) the thread must register the TypeScript loader first.
 */
export function startThread(name: string, workerData?: unknown): Worker {
  // Compiled file by file, as for the tests on Windows, it is where its source is.
  const top = import.meta.url.endsWith('/core/startThread.mjs') ? '..' : '.';
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL(`${top}/${name}.mjs`, import.meta.url), { workerData });
  const source = JSON.stringify(new URL(`../${name}.ts`, import.meta.url).href);
  // Nothing else keeps the thread alive until the worker listens.
  const script = `require('node:worker_threads').parentPort.ref();
    import('tsx/esm/api').then(({ register }) => (register(), import(${source})));`;
  return new Worker(script, { eval: true, workerData });
}
