/** Threads that fill batches, and what becomes of a batch when one of them ends. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { lendDecodeSlot, takeBackDecodeSlot } from '../../../src/trainer/data/decodeMemory.js';
import { PixelWorkers } from '../../../src/trainer/data/pixelWorkers.js';
import { squareTransform } from '../../../src/trainer/data/transform.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { encoded, temporaryFolder } from './images.js';

const job = (path: string) => ({
  transform: squareTransform(8),
  images: [{ path, place: undefined, isWanted: false, sample: 0 }],
  batchSize: 1,
  augmenting: undefined,
});

/** Workers whose threads run `script` instead; gives how many were started, too. */
function workersOf(t: TestContext, script: string): { workers: PixelWorkers; started: () => number } {
  let count = 0;
  const workers = new PixelWorkers(1, () => {
    count++;
    return new Worker(script, { eval: true });
  });
  t.after(() => workers.close());
  return { workers, started: () => count };
}

const isLost = (error: unknown): boolean => error instanceof UserError && error.code === 'IMAGE_WORKER_LOST';

test('a thread that ends rejects what it was asked for, and is replaced, but not for ever', async (t) => {
  const { workers, started } = workersOf(
    t,
    `require('worker_threads').parentPort.on('message', () => process.exit(7))`,
  );
  for (let i = 0; i < 4; i++)
    await assert.rejects(workers.run(job('x')), (error) => {
      assert.ok(isLost(error));
      return /code 7/.test((error as Error).message);
    });
  assert.equal(started(), 4);
  await assert.rejects(workers.run(job('x')), (error) => isLost(error) && /more than 3 times/.test(String(error)));
  assert.equal(started(), 4);
});

test('a thread that ends before it listens rejects what waits for it', async (t) => {
  const { workers } = workersOf(t, `process.exit(0)`);
  const asked = [workers.run(job('a')), workers.run(job('b'))];
  for (const result of await Promise.allSettled(asked))
    assert.ok(result.status === 'rejected' && isLost(result.reason));
});

test('what a thread throws is what the batch ends with', async (t) => {
  const { workers } = workersOf(
    t,
    `require('worker_threads').parentPort.on('message', () => { throw Error('a bug'); })`,
  );
  await assert.rejects(workers.run(job('x')), /a bug/);
});

test('a message that cannot be read rejects the batch', async (t) => {
  let thread: Worker | undefined;
  const workers = new PixelWorkers(1, () => {
    thread = new Worker(`require('worker_threads').parentPort.on('message', () => {})`, { eval: true });
    return thread;
  });
  t.after(() => workers.close());
  const asked = workers.run(job('x'));
  // Node emits this where it cannot rebuild what a thread has sent.
  thread!.emit('messageerror', new Error('cannot be read'));
  await assert.rejects(asked, /cannot be read/);
});

test('after a thread has ended the next one fills batches, and its memory is free again', async (t) => {
  const path = join(await temporaryFolder(t), 'a.png');
  await writeFile(path, await encoded(8, 8, 1));
  let isFirst = true;
  const real = new PixelWorkers(1);
  t.after(() => real.close());
  assert.deepEqual((await real.run(job(path))).unreadable, []);
  const workers = new PixelWorkers(1, (slot) => {
    if (!isFirst)
      return new Worker(
        `require('worker_threads').parentPort.on('message', ({ id }) =>
      require('worker_threads').parentPort.postMessage({ id, unreadable: [], decoded: [] }))`,
        { eval: true },
      );
    isFirst = false;
    // Notes more than all threads may use, and ends.
    const script = `const { memory, slot } = require('worker_threads').workerData;
      Atomics.store(new Int32Array(memory), slot, 2 ** 30);
      require('worker_threads').parentPort.on('message', () => process.exit(1));`;
    return new Worker(script, { eval: true, workerData: slot });
  });
  t.after(() => workers.close());
  await assert.rejects(workers.run(job(path)), isLost);
  assert.deepEqual((await workers.run(job(path))).unreadable, []);
  // Were the memory still taken, this would wait for ever.
  assert.deepEqual((await real.run(job(path))).unreadable, []);
  const slot = lendDecodeSlot();
  assert.equal(Atomics.load(new Int32Array(slot.memory), slot.slot), 0);
  takeBackDecodeSlot(slot);
});
