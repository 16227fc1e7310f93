/** Features on disk: shared, bounded, and proof against damage. */
import assert from 'node:assert/strict';
import { open, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FeatureCache, featurePacks } from '../../../src/trainer/data/featureCache.js';
import type { ErrorInfo } from '../../../src/trainer/protocol.js';
import { temporaryFolder } from './images.js';

const length = 6;
const recordBytes = 20 + 4 * length;
const valuesOf = (seed: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(seed * length + i));

async function openCache(
  t: TestContext,
  root: string,
  o: { name?: string; limitBytes?: number; onNotice?: (notice: ErrorInfo) => void } = {},
) {
  const onNotice = o.onNotice ?? ((notice: ErrorInfo) => assert.fail(notice.message));
  const cache = await FeatureCache.open(root, o.name ?? 'network', {
    length,
    limitBytes: o.limitBytes ?? 1e9,
    onNotice,
  });
  t.after(() => cache.close());
  return cache;
}

/** A cache of `count` features under the names 0, 1, …, closed again; the path of its pack. */
async function filled(t: TestContext, root: string, count: number, name?: string): Promise<string> {
  const before = new Set((await featurePacks(root)).map(({ path }) => path));
  const cache = await openCache(t, root, { name });
  for (let i = 0; i < count; i++) await cache.add(String(i), valuesOf(i));
  await cache.close();
  return (await featurePacks(root)).find(({ path }) => !before.has(path))!.path;
}

test('an added record is read back, at once and by others, to the bit', async (t) => {
  const root = await temporaryFolder(t);
  const cache = await openCache(t, root);
  const exact = Float32Array.of(NaN, -0, Infinity, 1e-45, 3, -4);
  await cache.add('a "key" of Ünïcode', exact);
  await cache.add('1', valuesOf(1));
  assert.ok(cache.has('1') && !cache.has('2'));
  const other = await openCache(t, root);
  for (const each of [cache, other]) {
    const read = await each.get('a "key" of Ünïcode');
    assert.deepEqual(new Uint8Array(read!.buffer, read!.byteOffset, read!.byteLength), new Uint8Array(exact.buffer));
    assert.deepEqual(await each.get('1'), valuesOf(1));
    assert.equal(await each.get('2'), undefined);
  }
  assert.equal(
    (await openCache(t, root, { name: 'another' })).has('1'),
    false,
    'features of another network are others',
  );
});

test('processes write side by side, each to a pack of its own', async (t) => {
  const root = await temporaryFolder(t);
  const caches = await Promise.all([0, 1, 2].map(() => openCache(t, root)));
  await Promise.all(
    caches.flatMap((cache, c) => [0, 1, 2, 3].map((i) => cache.add(String(4 * c + i), valuesOf(4 * c + i)))),
  );
  const reader = await openCache(t, root);
  for (let i = 0; i < 12; i++) assert.deepEqual(await reader.get(String(i)), valuesOf(i));
  assert.equal((await featurePacks(root)).length, 3);
});

test('a record with any byte changed is not given out, and the others are', async (t) => {
  const root = await temporaryFolder(t);
  const pack = await filled(t, root, 3);
  for (let at = recordBytes; at < 2 * recordBytes; at++) {
    const handle = await open(pack, 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, at);
    await handle.write(Buffer.of(byte[0]! ^ 0x10), 0, 1, at);
    const notices: string[] = [];
    const cache = await openCache(t, root, { onNotice: ({ code }) => notices.push(code) });
    assert.equal(await cache.get('1'), undefined, `byte ${at - recordBytes}`);
    assert.equal(cache.has('1'), false);
    // Under a changed key nothing is looked for.
    assert.deepEqual(notices, at < recordBytes + 16 ? [] : ['CACHE_DAMAGED'], `byte ${at - recordBytes}`);
    for (const i of [0, 2]) assert.deepEqual(await cache.get(String(i)), valuesOf(i));
    await cache.close();
    await handle.write(byte, 0, 1, at);
    await handle.close();
  }
});

test('a pack cut off anywhere keeps its complete records, and lost ones can be added again', async (t) => {
  const root = await temporaryFolder(t);
  const pack = await filled(t, root, 2);
  await truncate(pack, 2 * recordBytes - 5);
  const notices: string[] = [];
  const cache = await openCache(t, root, { onNotice: ({ code }) => notices.push(code) });
  assert.deepEqual(await cache.get('0'), valuesOf(0));
  assert.equal(cache.has('1'), false);
  await cache.add('1', valuesOf(1));
  assert.deepEqual(await cache.get('1'), valuesOf(1));
  // While it is open, the first pack loses the rest.
  await truncate(pack, 0);
  assert.equal(await cache.get('0'), undefined);
  assert.deepEqual(notices, ['CACHE_DAMAGED']);
  await cache.close();
  assert.deepEqual(await (await openCache(t, root)).get('1'), valuesOf(1));
});

test('files that are not packs are skipped', async (t) => {
  const root = await temporaryFolder(t);
  const pack = await filled(t, root, 1);
  await writeFile(join(pack, '..', 'noise.features'), Buffer.alloc(5 * recordBytes + 3, 7));
  await writeFile(join(pack, '..', 'empty.features'), '');
  await writeFile(join(pack, '..', 'notes.txt'), 'mine');
  assert.deepEqual(await (await openCache(t, root)).get('0'), valuesOf(0));
});

test('space is freed by removing the least recently used packs, of any network', async (t) => {
  const root = await temporaryFolder(t);
  const [oldest, middle, own] = [
    await filled(t, root, 10, 'a'),
    await filled(t, root, 10, 'b'),
    await filled(t, root, 10, 'network'),
  ];
  for (const [i, pack] of [own, oldest, middle].entries())
    await utimes(pack, new Date(1e12 + i * 1e9), new Date(1e12 + i * 1e9));
  const keys = Array.from({ length: 12 }, (_, i) => String(i));
  const lacking = (cache: FeatureCache) => keys.filter((key) => !cache.has(key)).length;
  const left = async () => (await featurePacks(root)).map(({ path }) => path).sort();

  const cache = await openCache(t, root, { limitBytes: 32 * recordBytes });
  await cache.reserve(lacking(cache));
  assert.deepEqual(await left(), [oldest, middle, own].sort(), 'two more fit');
  assert.ok((await stat(own)).mtimeMs > Date.now() - 60_000, 'what is used is marked');
  const tight = await openCache(t, root, { limitBytes: 25 * recordBytes });
  await tight.reserve(lacking(tight));
  assert.deepEqual(await left(), [middle, own].sort(), 'the one used last month goes, not the one in use');
  const tiny = await openCache(t, root, { limitBytes: recordBytes });
  await tiny.reserve(1);
  // Windows removes no file that another cache has open.
  if (process.platform !== 'win32') assert.deepEqual(await left(), []);
  assert.equal(tiny.has('1'), false);
});

test('if the disk cannot be written there is one notice, and the run continues', async (t) => {
  const root = await temporaryFolder(t);
  const file = join(root, 'file');
  await writeFile(file, '');
  const notices: ErrorInfo[] = [];
  const cache = await openCache(t, file, { onNotice: (notice) => notices.push(notice) });
  await cache.reserve(1);
  await cache.add('0', valuesOf(0));
  await cache.add('1', valuesOf(1));
  assert.equal(await cache.get('0'), undefined);
  assert.deepEqual(
    notices.map(({ code }) => code),
    ['FEATURES_UNWRITABLE'],
  );
  assert.equal(await readFile(file, 'utf8'), '');
  assert.deepEqual(await readdir(root), ['file']);
});
