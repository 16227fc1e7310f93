/** What was seen of images is remembered until they change, and never taken from a damaged line. */
import assert from 'node:assert/strict';
import { readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { inspectDataset } from '../../../src/trainer/data/inspect.js';
import { encoded, temporaryFolder, writeTree } from './images.js';

async function inspected(t: TestContext) {
  const root = await temporaryFolder(t);
  const memory = await temporaryFolder(t);
  await writeTree(
    root,
    Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [
        `${i % 2 ? 'b' : 'a'}/${String(i)}.png`,
        { seed: i, width: 48, height: 40 },
      ]),
    ),
  );
  // Whole seconds, which `utimes` can set again.
  for (const i of Array(8).keys()) await utimes(join(root, i % 2 ? 'b' : 'a', `${String(i)}.png`), 1000, 1000 + i);
  const inspect = () => inspectDataset(root, { memory });
  const first = await inspect();
  const [name] = await readdir(memory);
  return { root, first, inspect, file: join(memory, name!) };
}

/** Replaces the content of a file and keeps its size and time, so that only reading it would tell. */
async function replaceUnseen(path: string): Promise<void> {
  const { atime, mtime, size } = await stat(path);
  await writeFile(path, Buffer.alloc(size));
  await utimes(path, atime, mtime);
}

test('an image of the same path, size and time is not read again', async (t) => {
  const { root, first, inspect } = await inspected(t);
  await replaceUnseen(join(root, 'a', '0.png'));
  assert.deepEqual(await inspect(), first);
});

test('an image of another size or time is read again', async (t) => {
  const { root, inspect } = await inspected(t);
  await writeFile(join(root, 'a', '0.png'), 'no image');
  const { mtime, atime } = await stat(join(root, 'b', '1.png'));
  await replaceUnseen(join(root, 'b', '1.png'));
  await utimes(join(root, 'b', '1.png'), atime, new Date(mtime.getTime() + 1000));
  assert.deepEqual((await inspect()).problems.map(({ code, file }) => [code, file]).sort(), [
    ['IMAGE_UNREADABLE', join(root, 'a', '0.png')],
    ['IMAGE_UNREADABLE', join(root, 'b', '1.png')],
  ]);
});

test('a moved image is read where it is now, and one that went is forgotten', async (t) => {
  const { root, inspect, file } = await inspected(t);
  await rename(join(root, 'a', '0.png'), join(root, 'a', 'moved.png'));
  const { counts, problems } = await inspect();
  assert.deepEqual(problems, []);
  assert.equal(counts[0]!.train + counts[0]!.validation, 4);
  const text = await readFile(file, 'utf8');
  assert.match(text, /moved\.png/);
  assert.doesNotMatch(text, /0\.png/);
});

test('damaged lines, another version and a file of anything lead to reading the images', async (t) => {
  const { root, inspect, file, first } = await inspected(t);
  const text = await readFile(file, 'utf8');
  await replaceUnseen(join(root, 'a', '0.png'));
  const unreadable = ['IMAGE_UNREADABLE'];
  const codes = async () => (await inspect()).problems.map(({ code }) => code);
  const [header, ...lines] = text.split('\n');
  const broken = (change: (line: string) => string) =>
    [header, ...lines.map((line) => (line.includes('0.png') ? change(line) : line))].join('\n');
  for (const damaged of [
    broken((line) => line.replace('0.png', '0.pnh')),
    broken((line) => line.slice(0, -9)),
    broken((line) => line.replace(/^\d+/, '1')),
    broken(() => '\u0000\u0001 ['),
    text.replace('"version":2', '"version":0'),
    'anything\n'.repeat(100),
    '',
  ]) {
    await writeFile(file, damaged);
    assert.deepEqual(await codes(), unreadable);
    // The sound lines were written again.
    assert.equal((await readFile(file, 'utf8')).split('\n').length, 9);
  }
  assert.deepEqual(first.problems, []);
});

test('a cancelled inspection remembers what it has read', async (t) => {
  const root = await temporaryFolder(t);
  const memory = await temporaryFolder(t);
  const png = await encoded(48, 40, 1, 'png');
  await writeTree(
    root,
    Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`${i % 2 ? 'b' : 'a'}/${String(i)}.png`, png])),
  );
  const controller = new AbortController();
  const cancelled = inspectDataset(root, {
    memory,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await assert.rejects(cancelled, { name: 'AbortError' });
  const [name] = await readdir(memory);
  const lines = (await readFile(join(memory, name!), 'utf8')).trim().split('\n').length - 1;
  assert.ok(lines > 0 && lines < 60, String(lines));
});
