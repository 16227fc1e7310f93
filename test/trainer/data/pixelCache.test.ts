/** The decoded cache: it returns the stored pixels, and survives kills, damage, full disks and other processes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, mkdir, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../../../src/trainer/data/digestTable.js';
import { checksumBytes, PixelCache, type Place, provenPixels } from '../../../src/trainer/data/pixelCache.js';
import type { ErrorInfo } from '../../../src/trainer/protocol.js';
import { drawing, temporaryFolder } from './images.js';

const image = (seed: number, width = 6, height = 4) => ({ width, height, data: drawing(width, height, seed) });
const fail = (notice: ErrorInfo) => assert.fail(JSON.stringify(notice));

async function pixelsAt({ pack, offset, width, height, seal }: Place): Promise<Buffer> {
  const record = (await readFile(pack)).subarray(offset, offset + checksumBytes + width * height * 3);
  const pixels = provenPixels(Buffer.from(record), seal);
  assert.ok(pixels, 'the checksum fits');
  return Buffer.from(pixels);
}
async function assertHolds(cache: PixelCache, key: string, seed: number): Promise<void> {
  const place = cache.get(key);
  assert.ok(place, key);
  assert.deepEqual(await pixelsAt(place), Buffer.from(drawing(place.width, place.height, seed)));
}
async function filled(folder: string, keys: string[]): Promise<void> {
  const cache = await PixelCache.open(folder, fail);
  await Promise.all(keys.map((key, i) => cache.add(key, image(i))));
  await cache.close();
}

test('keeps pixels for the next time, whatever the key', async (t) => {
  const folder = join(await temporaryFolder(t), 'deep', 'cache');
  const keys = ['a', '["training",1,2.5,"/b \\" \\n\u2028 é.jpg"]', 'back\\slash\nline', '漢'];
  await filled(folder, keys);
  const cache = await PixelCache.open(folder, fail);
  for (const [i, key] of keys.entries()) await assertHolds(cache, key, i);
  assert.equal(cache.get('other'), undefined);
  const place = await cache.add('other', image(9, 3, 5));
  assert.deepEqual([place?.width, place?.height], [3, 5]);
  await assertHolds(cache, 'other', 9);
  await cache.close();
});

test('two at a time do not disturb each other', async (t) => {
  const folder = await temporaryFolder(t);
  const [one, two] = await Promise.all([PixelCache.open(folder, fail), PixelCache.open(folder, fail)]);
  await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? one : two).add(`k${String(i)}`, image(i))));
  await Promise.all([one.close(), two.close()]);
  const both = await PixelCache.open(folder, fail);
  for (let i = 0; i < 40; i++) await assertHolds(both, `k${String(i)}`, i);
  await both.close();
});

test('a process killed while it writes leaves only whole entries', async (t) => {
  const folder = await temporaryFolder(t);
  const script = `
    const { PixelCache } = await import(${JSON.stringify(new URL('../../../src/trainer/data/pixelCache.ts', import.meta.url).href)});
    const { drawing } = await import(${JSON.stringify(new URL('./images.ts', import.meta.url).href)});
    const cache = await PixelCache.open(process.argv[1], (notice) => { throw new Error(notice.message); });
    for (let i = 0; ; i++) {
      await cache.add('k' + i, { width: 200, height: 100, data: drawing(200, 100, i % 50) });
      if (i % 7 === 0) await cache.flush();
      if (i === 60) process.send('enough');
    }`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, folder], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const cache = await PixelCache.open(folder, fail);
  let held = 0;
  for (let i = 0; cache.get(`k${String(i)}`); i++, held++) await assertHolds(cache, `k${String(i)}`, i % 50);
  assert.ok(held >= 56, String(held));
  await cache.close();
});

test('damaged index records and packs cut short are passed over', async (t) => {
  const folder = await temporaryFolder(t);
  await filled(folder, ['a', 'b', 'c']);
  const name = (await readdir(folder)).find((file) => file.endsWith('.index'))!;
  const index = join(folder, name);
  const record = (key: string, offset: number) => {
    const bytes = Buffer.alloc(32);
    digestOf(key).copy(bytes);
    bytes.writeDoubleLE(offset, 16);
    bytes.writeUInt32LE(6, 24);
    bytes.writeUInt32LE(4, 28);
    return bytes;
  };
  const damaged = [
    Buffer.alloc(32),
    record('negative', -1),
    record('broken', 0.5),
    record('none', NaN),
    record('far', 999_999),
  ];
  await appendFile(index, Buffer.concat([...damaged, record('half', 0).subarray(0, 20)]));
  let cache = await PixelCache.open(folder, fail);
  await assertHolds(cache, 'c', 2);
  for (const key of ['negative', 'broken', 'none', 'far', 'half']) assert.equal(cache.get(key), undefined, key);
  await cache.close();
  await truncate(index.replace(/index$/, 'pack'), (checksumBytes + 6 * 4 * 3) * 2 + 5);
  cache = await PixelCache.open(folder, fail);
  assert.ok(cache.get('a') && cache.get('b'));
  assert.equal([cache.get('a'), cache.get('b'), cache.get('c')].filter(Boolean).length, 2);
  await cache.close();
});

test('a pack without its index, or an index without its pack, does no harm', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'x.pack'), 'pixels');
  await writeFile(join(folder, 'y.index'), Buffer.concat([digestOf('a'), Buffer.alloc(16)]));
  const cache = await PixelCache.open(folder, fail);
  assert.equal(cache.get('a'), undefined);
  await cache.close();
});

test('packs that were not used for long are removed, others stay', async (t) => {
  const folder = await temporaryFolder(t);
  await filled(folder, ['old']);
  const old = (await readdir(folder)).map((name) => join(folder, name));
  await filled(folder, ['new']);
  const past = new Date(Date.now() - 40 * 86_400_000);
  for (const file of old) await utimes(file, past, past);
  const cache = await PixelCache.open(folder, fail);
  assert.equal(cache.get('old'), undefined);
  assert.ok(cache.get('new'));
  for (const file of old) await assert.rejects(stat(file), { code: 'ENOENT' });
  await cache.close();
});

test('what finds no room is known, but not kept: one notice, now and for the next time', async (t) => {
  const folder = join(await temporaryFolder(t), 'transform');
  const size = checksumBytes + 6 * 4 * 3;
  const notices: ErrorInfo[] = [];
  const cache = await PixelCache.open(folder, (notice) => notices.push(notice), 2 * size + 1);
  const places = await Promise.all([0, 1, 2, 3].map((i) => cache.add(`k${String(i)}`, image(i))));
  assert.equal(places.filter(Boolean).length, 2);
  await cache.close();
  assert.deepEqual(
    notices.map(({ code }) => code),
    ['CACHE_FULL'],
  );
  const again = await PixelCache.open(folder, fail, 2 * size + 1);
  for (const i of [0, 1]) await assertHolds(again, `k${String(i)}`, i);
  for (const i of [2, 3])
    assert.deepEqual([again.knows(`k${String(i)}`), again.get(`k${String(i)}`)], [true, undefined]);
  assert.equal(again.knows('other'), false);
  await again.close();
});

test('space is freed by removing the least recently used packs, but none that was just used', async (t) => {
  const root = await temporaryFolder(t);
  const size = checksumBytes + 6 * 4 * 3;
  const hoursAgo = async (folder: string, hours: number): Promise<void> => {
    const past = new Date(Date.now() - hours * 3_600_000);
    for (const name of await readdir(join(root, folder))) await utimes(join(root, folder, name), past, past);
  };
  for (const name of ['oldest', 'older', 'recent', 'own']) await filled(join(root, name), [name]);
  await hoursAgo('oldest', 50);
  await hoursAgo('older', 40);
  await hoursAgo('own', 60);
  const cache = await PixelCache.open(join(root, 'own'), fail, 4 * size);
  assert.ok(cache.get('own'), 'asked for, it counts as used');
  assert.ok(await cache.add('new', image(1)));
  const left = async (folder: string) => (await readdir(join(root, folder))).length;
  assert.deepEqual([await left('oldest'), await left('older'), await left('recent')], [0, 2, 2]);
  await assertHolds(cache, 'own', 0);
  await cache.close();
  const full = await PixelCache.open(join(root, 'another'), () => undefined, size);
  assert.equal(await full.add('new', image(1)), undefined);
  assert.deepEqual([await left('older'), await left('recent'), await left('own')], [0, 2, 4]);
  await full.close();
});

test('if nothing can be written the cache reports it once and keeps nothing', async (t) => {
  const root = await temporaryFolder(t);
  const file = join(root, 'a file');
  await writeFile(file, '');
  const notices: ErrorInfo[] = [];
  const cache = await PixelCache.open(join(file, 'cache'), (notice) => notices.push(notice));
  assert.equal(await cache.add('a', image(1)), undefined);
  assert.equal(await cache.add('b', image(2)), undefined);
  await cache.flush();
  await cache.close();
  assert.deepEqual(
    notices.map(({ code }) => code),
    ['CACHE_UNWRITABLE'],
  );
});

test(
  'a folder that may be read but not written serves what it has',
  { skip: process.platform === 'win32' || process.getuid?.() === 0 ? 'this user may write everywhere' : false },
  async (t) => {
    const folder = join(await temporaryFolder(t), 'cache');
    await mkdir(folder);
    await filled(folder, ['a']);
    await chmod(folder, 0o500);
    t.after(() => chmod(folder, 0o700));
    const notices: ErrorInfo[] = [];
    const cache = await PixelCache.open(folder, (notice) => notices.push(notice));
    await assertHolds(cache, 'a', 0);
    assert.equal(await cache.add('b', image(2)), undefined);
    await cache.close();
    assert.equal(notices.length, 1);
  },
);

test(
  'a full disk ends the writing, not the run',
  { skip: process.platform === 'linux' ? false : 'needs /dev/full' },
  async (t) => {
    const folder = await temporaryFolder(t);
    const script = `
    import { syncBuiltinESMExports } from 'node:module';
    import fs from 'node:fs/promises';
    const real = fs.open;
    fs.open = (path, flags) => (String(path).endsWith('.pack') ? real('/dev/full', 'r+') : real(path, flags));
    syncBuiltinESMExports();
    const { PixelCache } = await import(${JSON.stringify(new URL('../../../src/trainer/data/pixelCache.ts', import.meta.url).href)});
    const notices = [];
    const cache = await PixelCache.open(process.argv[1], (notice) => notices.push(notice));
    const places = await Promise.all([1, 2, 3].map((i) => cache.add('k' + i, { width: 9, height: 9, data: new Uint8Array(243) })));
    await cache.close();
    process.send({ notices, places: places.filter(Boolean).length });`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, folder], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [message] = (await once(child, 'message')) as [{ notices: ErrorInfo[]; places: number }];
    assert.equal(message.places, 0);
    assert.deepEqual(
      message.notices.map(({ code }) => code),
      ['CACHE_UNWRITABLE'],
    );
    assert.match(message.notices[0]!.message, /ENOSPC|no space/i);
  },
);
