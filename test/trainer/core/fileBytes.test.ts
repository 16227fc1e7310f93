/** Ranges of a file are read and written whole, however little the system takes at once. */
import assert from 'node:assert/strict';
import { open, readFile, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readFully, readFullySync, writeAll } from '../../../src/trainer/core/fileBytes.js';
import { temporaryFolder } from '../data/images.js';

/** A handle on the real file that reads and writes at most three bytes at once, as a slow device may. */
const slowly = (file: FileHandle): FileHandle =>
  Object.assign(Object.create(file) as FileHandle, {
    read: (data: Uint8Array, at: number, length: number, position: number) =>
      file.read(data, at, Math.min(length, 3), position),
    write: (data: Uint8Array, at: number, length: number, position: number) =>
      file.write(data, at, Math.min(length, 3), position),
  });

test('a range is read whole, or the file is too short for it', async (t) => {
  const path = join(await temporaryFolder(t), 'file');
  await writeFile(path, 'abcdefghijkl');
  const file = await open(path, 'r');
  const readers = [
    (target: Uint8Array, position: number) => readFully(file, target, position),
    (target: Uint8Array, position: number) => readFully(slowly(file), target, position),
    (target: Uint8Array, position: number) => Promise.resolve(readFullySync(file.fd, target, position)),
  ];
  for (const read of readers) {
    const target = Buffer.alloc(10);
    assert.equal(await read(target, 2), true);
    assert.equal(target.toString(), 'cdefghijkl');
    assert.equal(await read(target, 3), false);
    assert.equal(await read(Buffer.alloc(0), 99), true);
  }
  await file.close();
});

test('data is written whole at its place', async (t) => {
  const path = join(await temporaryFolder(t), 'file');
  await writeFile(path, '............');
  const file = await open(path, 'r+');
  await writeAll(slowly(file), Buffer.from('12345678'), 2);
  await file.close();
  assert.equal(await readFile(path, 'utf8'), '..12345678..');
});
