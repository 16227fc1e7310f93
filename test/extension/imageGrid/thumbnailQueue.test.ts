/** The order in which thumbnails are made, what is dropped, and who is blamed for a crash. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThumbnailQueue } from '../../../src/extension/imageGrid/thumbnailQueue.js';
import { TrainerDied } from '../../../src/extension/trainer/trainerDied.js';

interface Work {
  row: number;
  resolve: (src: string) => void;
  reject: (error: Error) => void;
}

function queue() {
  const work: Work[] = [];
  const made: number[] = [];
  const failed: [number, boolean][] = [];
  const thumbnails = new ThumbnailQueue(
    (row) => new Promise((resolve, reject) => work.push({ row, resolve, reject })),
    (row) => made.push(row),
    (row, _, isCulprit) => failed.push([row, isCulprit]),
  );
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const done = async (row: number) => {
    work.find((each) => each.row === row)!.resolve('');
    await settled();
  };
  return { thumbnails, work, made, failed, done, settled, started: () => work.map(({ row }) => row) };
}

test('four at a time, in the order of the wish; what is not wished for any more is dropped', async () => {
  const { thumbnails, started, done, made } = queue();
  thumbnails.want([10, 11, 12, 13, 14, 15]);
  assert.deepEqual(started(), [10, 11, 12, 13]);
  await done(11);
  assert.deepEqual(started(), [10, 11, 12, 13, 14]);
  thumbnails.want([50, 10, 51]);
  await done(10);
  await done(12);
  await done(13);
  assert.deepEqual(started(), [10, 11, 12, 13, 14, 50, 51], '15 was dropped, and 10 was under way');
  assert.deepEqual(made, [11, 10, 12, 13]);
});

test('after a crash the images at work are tried one by one: only the culprit is blamed', async () => {
  const { thumbnails, work, started, done, made, failed, settled } = queue();
  thumbnails.want([1, 2, 3]);
  for (const each of work.splice(0)) each.reject(new TrainerDied('SIGSEGV', ''));
  await settled();
  assert.deepEqual(started(), [1]);
  await done(1);
  assert.deepEqual(started(), [1, 2]);
  work.at(-1)!.reject(new TrainerDied('SIGSEGV', ''));
  await settled();
  await done(3);
  assert.deepEqual([made, failed], [[1, 3], [[2, true]]]);
});

test('an image that cannot be read is no reason to try again; a closed queue says nothing more', async () => {
  const { thumbnails, work, started, failed, made, settled, done } = queue();
  thumbnails.want([1, 2]);
  work[0]!.reject(new Error('torn'));
  await settled();
  assert.deepEqual([started(), failed], [[1, 2], [[1, false]]]);
  thumbnails.close();
  await done(2);
  assert.deepEqual(made, []);
});
