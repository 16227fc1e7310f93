/** A folder of packs: which records it finds, which packs it removes, and what a failing disk does. */
import assert from 'node:assert/strict';
import { mkdir, open, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { digestOf } from '../../../src/trainer/data/digestTable.js';
import { PackFolder, packsBelow, readRecords } from '../../../src/trainer/data/packFolder.js';
import { errors } from '../../../src/trainer/errors/errors.js';
import { temporaryFolder } from './images.js';

function opened(path: string): { packs: PackFolder; notices: string[] } {
  const notices: string[] = [];
  const packs = new PackFolder(path, {
    ending: '.pack',
    companions: (pack) => [`${pack}.index`],
    onNotice: ({ code }) => notices.push(code),
    unwritable: errors.cacheUnwritable,
  });
  return { packs, notices };
}

/** Packs of ten bytes with an index each, last used so many hours ago. */
async function packsUsed(t: TestContext, hours: Record<string, number>): Promise<string> {
  const root = await temporaryFolder(t);
  for (const [name, ago] of Object.entries(hours)) {
    await mkdir(join(root, name));
    const at = new Date(Date.now() - ago * 3_600_000);
    for (const file of ['a.pack', 'a.pack.index']) {
      await writeFile(join(root, name, file), '0123456789');
      await utimes(join(root, name, file), at, at);
    }
  }
  return root;
}

const left = async (root: string): Promise<string[]> =>
  (await packsBelow(root, '.index')).map(({ path }) => basename(join(path, '..'))).sort();

test('a record is found where it was noted last, unless it was forgotten', async (t) => {
  const { packs } = opened(await temporaryFolder(t));
  const [one, two] = [packs.addOwn('one.pack'), packs.addOwn('two.pack')];
  const digest = digestOf('key');
  assert.equal(packs.find(digest), undefined);
  const row = packs.note(digest, 0, one, 7);
  assert.deepEqual(packs.find(digest), { row, pack: one, path: 'one.pack', offset: 7 });
  packs.forget(row);
  assert.equal(packs.find(digest), undefined);
  packs.note(digest, 0, two, 2 ** 40);
  assert.deepEqual(packs.find(digest), { row, pack: two, path: 'two.pack', offset: 2 ** 40 });
  assert.equal(packs.rows, 1);
});

test('packs go one by one, the least recently used first, each with its index', async (t) => {
  const root = await packsUsed(t, { middle: 5, oldest: 9, used: 12, recent: 0 });
  const { packs, notices } = opened(join(root, 'used'));
  const [pack] = await packs.files('.pack');
  packs.note(digestOf('here'), 0, packs.add(pack!), 0);
  assert.ok(packs.find(digestOf('here')));
  assert.equal(await packs.totalBytes(), 40);
  for await (const freed of packs.evict(3_600_000)) {
    assert.equal(freed, 10);
    break;
  }
  assert.deepEqual(await left(root), ['middle', 'recent', 'used']);
  for await (const freed of packs.evict(3_600_000)) assert.equal(freed, 10);
  assert.deepEqual(await left(root), ['recent', 'used'], 'neither a recent pack nor one in use goes');
  for (const file of [pack!, `${pack!}.index`])
    assert.ok((await stat(file)).mtimeMs > Date.now() - 60_000, 'what is used is marked');
  assert.equal(await packs.totalBytes(), 20);
  assert.deepEqual(notices, []);
});

test('the records of a removed pack are not found', async (t) => {
  const root = await packsUsed(t, { own: 5 });
  const { packs } = opened(join(root, 'own'));
  const [path] = await packs.files('.pack');
  const pack = packs.add(path!);
  packs.note(digestOf('here'), 0, pack, 0);
  for await (const freed of packs.evict()) assert.equal(freed, 10);
  assert.equal(packs.find(digestOf('here')), undefined);
});

test('a failing disk gives one notice, and a fault of the program is not one', async (t) => {
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  const { packs, notices } = opened(join(file, 'folder'));
  assert.equal(packs.isBroken, false);
  for (let i = 0; i < 2; i++) assert.equal(await packs.guarded(() => packs.files('.pack')), undefined);
  assert.deepEqual([packs.isBroken, notices], [true, ['CACHE_UNWRITABLE']]);
  assert.equal(await packs.guarded(() => Promise.resolve(3)), 3);
  await assert.rejects(
    packs.guarded(() => Promise.reject(new TypeError('a bug'))),
    TypeError,
  );
});

test('records of any size are visited in order, as far as the file goes', async (t) => {
  const path = join(await temporaryFolder(t), 'records');
  for (const bytes of [5, 3000, 70_000]) {
    const count = bytes === 5 ? 250_000 : 400;
    const content = Buffer.alloc(bytes * count, 0xff);
    for (let i = 0; i < count; i++) content.writeUInt32LE(i, i * bytes);
    await writeFile(path, content);
    const file = await open(path, 'r');
    const seen = async (wanted: number): Promise<number> => {
      let next = 0;
      await readRecords(file, { count: wanted, bytes, headBytes: 4 }, (buffer, at, offset) => {
        assert.ok(buffer.readUInt32LE(at) === next && offset === next * bytes, `record ${next} of ${bytes} bytes`);
        next++;
      });
      return next;
    };
    assert.equal(await seen(count), count);
    assert.equal(await seen(0), 0);
    assert.equal(await seen(1), 1);
    assert.ok((await seen(count + 1)) <= count);
    await file.close();
  }
});
