/** Many asynchronous steps, a few at a time. */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { forEachConcurrently, untilAborted } from '../../../src/trainer/data/concurrently.js';

test('each index once, never more than the limit at a time', async () => {
  const seen: number[] = [];
  let running = 0;
  let most = 0;
  await forEachConcurrently(50, 3, undefined, async (i) => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < i % 4; turn++) await setImmediate();
    running--;
    seen.push(i);
  });
  assert.deepEqual(
    seen.sort((a, b) => a - b),
    Array.from({ length: 50 }, (_, i) => i),
  );
  assert.equal(most, 3);
  await forEachConcurrently(0, 3, undefined, () => assert.fail());
});

test('an error or a cancel ends the rest', async () => {
  let begun = 0;
  const failing = forEachConcurrently(100, 4, undefined, async (i) => {
    begun++;
    await setImmediate();
    if (i === 5) throw new Error('five');
  });
  await assert.rejects(failing, /five/);
  assert.ok(begun <= 12);
  const controller = new AbortController();
  begun = 0;
  const cancelled = forEachConcurrently(100, 4, controller.signal, async () => {
    if (++begun === 10) controller.abort();
    await setImmediate();
  });
  await assert.rejects(cancelled, { name: 'AbortError' });
  assert.ok(begun <= 13);
});

test('a wait ends with the signal, though what is waited for never comes', async () => {
  const stop = new AbortController();
  const waiting = untilAborted(new Promise(() => undefined), stop.signal);
  stop.abort(new Error('stopped'));
  await assert.rejects(waiting, /stopped/);
  await assert.rejects(untilAborted(Promise.reject(new Error('late')), stop.signal), /stopped/);
  assert.equal(await untilAborted(Promise.resolve(1), new AbortController().signal), 1);
  await assert.rejects(untilAborted(Promise.reject(new Error('its own')), undefined), /its own/);
});
