/** Saving under bad luck: writers that fail or are killed, full and read-only disks, names that are taken. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  checkpointFolder,
  clearUnfinished,
  listCheckpoints,
  pruneCheckpoints,
  writeFileAtomically,
  writeFolderAtomically,
  writePointer,
} from '../../../src/trainer/checkpoint/store.js';
import { onSmallDisk } from './smallDisk.js';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), `vitune 'store' ü `));
});
afterEach(() => rm(run, { recursive: true }));

const save = (step: number, content = String(step)) =>
  writeFolderAtomically(checkpointFolder(run, step), (folder) => writeFile(join(folder, 'weights'), content), {
    isOurs: true,
  });
const saved = (step: number) => readFile(join(checkpointFolder(run, step), 'weights'), 'utf8');

test('a folder appears with all its content, nested too', async () => {
  await writeFolderAtomically(checkpointFolder(run, 5), async (folder) => {
    await mkdir(join(folder, 'deep', 'er'), { recursive: true });
    await writeFile(join(folder, 'deep', 'er', 'x'), 'y');
    assert.deepEqual(await listCheckpoints(run), [], 'not before it is whole');
  });
  assert.equal(await readFile(join(run, 'checkpoints', '5', 'deep', 'er', 'x'), 'utf8'), 'y');
  assert.deepEqual(await readdir(join(run, 'checkpoints')), ['5']);
});

test('what ViTune wrote is replaced whole, and what somebody else put there stays', async () => {
  await save(5, 'old');
  await mkdir(join(checkpointFolder(run, 5), '.git'));
  await writeFile(join(checkpointFolder(run, 5), '.git', 'HEAD'), 'ref');
  await writeFile(join(checkpointFolder(run, 5), 'my notes.txt'), 'mine');
  await save(5, 'new');
  assert.equal(await saved(5), 'new');
  assert.equal(await readFile(join(checkpointFolder(run, 5), '.git', 'HEAD'), 'utf8'), 'ref');
  assert.equal(await readFile(join(checkpointFolder(run, 5), 'my notes.txt'), 'utf8'), 'mine');
  assert.deepEqual(await readdir(join(run, 'checkpoints')), ['5']);
});

test('in a folder that ViTune did not write, nothing is replaced', async () => {
  const target = join(run, 'mine');
  const write = (name: string) => writeFolderAtomically(target, (folder) => writeFile(join(folder, name), 'new'));
  await mkdir(join(target, '.git'), { recursive: true });
  await writeFile(join(target, '.env'), 'secret');
  await write('model.onnx');
  assert.deepEqual((await readdir(target)).sort(), ['.env', '.git', 'model.onnx']);
  await assert.rejects(write('.env'), { code: 'NOT_SAVED_IN_THE_WAY', place: { file: target } });
  await assert.rejects(write('model.onnx'), { code: 'NOT_SAVED_IN_THE_WAY' });
  assert.equal(await readFile(join(target, '.env'), 'utf8'), 'secret');
  assert.deepEqual(await readdir(run), ['mine']);
});

test('a folder that a killed writer had moved aside is put back, or gives what its successor lacks', async () => {
  await save(5, 'old');
  const parent = join(run, 'checkpoints');
  await rename(join(parent, '5'), join(parent, '.replaced-5-77-0'));
  await clearUnfinished(run);
  assert.deepEqual(await readdir(parent), ['5']);
  assert.equal(await saved(5), 'old');
  await rename(join(parent, '5'), join(parent, '.replaced-5-77-1'));
  await writeFile(join(parent, '.replaced-5-77-1', 'my notes.txt'), 'mine');
  await save(5, 'new');
  await clearUnfinished(run);
  assert.deepEqual(await readdir(parent), ['5']);
  assert.equal(await saved(5), 'new');
  assert.equal(await readFile(join(parent, '5', 'my notes.txt'), 'utf8'), 'mine');
});

test('when the writer fails, the old file stays, its own error is thrown, and nothing is left', async () => {
  await save(5, 'old');
  const bug = new TypeError('a bug');
  const failing = writeFolderAtomically(checkpointFolder(run, 5), async (folder) => {
    await writeFile(join(folder, 'weights'), 'half');
    throw bug;
  });
  await assert.rejects(failing, (error) => error === bug);
  assert.equal(await saved(5), 'old');
  assert.deepEqual(await readdir(join(run, 'checkpoints')), ['5']);
});

test('when the writer is killed, the old stays, and the next start clears up', async () => {
  await save(5, 'old');
  const script = join(import.meta.dirname, 'killedWriter.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, checkpointFolder(run, 5)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.equal(String((await once(child.stdout, 'data'))[0]), 'half');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(await saved(5), 'old');
  assert.equal((await readdir(join(run, 'checkpoints'))).length, 2, 'the killed writer left something');
  assert.deepEqual(await listCheckpoints(run), [5]);
  await clearUnfinished(run);
  assert.deepEqual(await readdir(join(run, 'checkpoints')), ['5']);
  assert.equal(await saved(5), 'old');
});

test('clearing up an empty or absent run folder is nothing', async () => {
  await clearUnfinished(run);
  await clearUnfinished(join(run, 'absent'));
});

test('files are replaced whole', async () => {
  const file = join(run, 'some', 'ünïcode file');
  await writeFileAtomically(file, 'one');
  await writeFileAtomically(file, new Uint8Array([50]));
  assert.equal(await readFile(file, 'utf8'), '2');
  assert.deepEqual(await readdir(join(run, 'some')), ['ünïcode file']);
});

test('a file where the folder should be', async () => {
  await writeFile(join(run, 'checkpoints'), 'not a folder');
  await assert.rejects(save(5), { code: 'NOT_SAVED', place: { file: checkpointFolder(run, 5) } });
  await assert.rejects(writeFileAtomically(join(run, 'checkpoints', 'x'), ''), { code: 'NOT_SAVED' });
  assert.equal(await readFile(join(run, 'checkpoints'), 'utf8'), 'not a folder');
});

test('a folder where the file should be', async () => {
  await mkdir(join(run, 'last', 'x'), { recursive: true });
  // Windows does not say that it is a folder, only that it may not be replaced.
  const code = process.platform === 'win32' ? 'NOT_SAVED_READ_ONLY' : 'NOT_SAVED';
  await assert.rejects(writePointer(run, 'last', 5), { code });
  assert.deepEqual(await readdir(run), ['last']);
});

test('on a full disk the last good checkpoint stays, and there is room for the next small one', (t) =>
  onSmallDisk(t, run, 256, async () => {
    await save(1);
    await writePointer(run, 'last', 1);
    await assert.rejects(save(2, 'x'.repeat(300_000)), { code: 'NOT_SAVED_DISK_FULL', remedy: /space/ });
    await assert.rejects(save(1, 'x'.repeat(300_000)), { code: 'NOT_SAVED_DISK_FULL' });
    await assert.rejects(writeFileAtomically(join(run, 'last'), 'x'.repeat(300_000)), { code: 'NOT_SAVED_DISK_FULL' });
    assert.deepEqual(await listCheckpoints(run), [1]);
    assert.deepEqual(await readdir(join(run, 'checkpoints')), ['1']);
    assert.equal(await saved(1), '1');
    assert.equal(await readFile(join(run, 'last'), 'utf8'), '1\n');
    await save(3);
    assert.equal(await saved(3), '3');
  }));

test('on a read-only disk the last good checkpoint stays', (t) =>
  onSmallDisk(t, run, 256, async () => {
    await save(1);
    await writePointer(run, 'best', 1);
    execFileSync('mount', ['-o', 'remount,ro', run]);
    await assert.rejects(save(2), { code: 'NOT_SAVED_READ_ONLY', place: { file: checkpointFolder(run, 2) } });
    await assert.rejects(writePointer(run, 'best', 2), { code: 'NOT_SAVED_READ_ONLY' });
    assert.deepEqual(await listCheckpoints(run), [1]);
    assert.equal(await readFile(join(run, 'best'), 'utf8'), '1\n');
  }));

test('a folder without permission to write', async (t) => {
  if (process.platform === 'win32' || process.getuid?.() === 0)
    return t.skip('permissions do not stop root, and are others on Windows');
  await mkdir(join(run, 'checkpoints'), { mode: 0o555 });
  await assert.rejects(save(1), { code: 'NOT_SAVED_READ_ONLY' });
});

test('pointers are replaced whole', async () => {
  await writePointer(run, 'last', 120);
  await writePointer(run, 'best', 0);
  await writePointer(run, 'last', 121);
  assert.equal(await readFile(join(run, 'last'), 'utf8'), '121\n');
  assert.equal(await readFile(join(run, 'best'), 'utf8'), '0\n');
  assert.deepEqual((await readdir(run)).sort(), ['best', 'last']);
});

test('pruning removes the oldest, but never those to keep', async () => {
  for (const step of [5, 10, 15, 20, 100]) await save(step);
  await pruneCheckpoints(run, 5, new Set());
  assert.deepEqual(await listCheckpoints(run), [5, 10, 15, 20, 100], 'as numbers, not as texts');
  await pruneCheckpoints(run, 3, new Set([5, 100]));
  assert.deepEqual(await listCheckpoints(run), [5, 20, 100]);
  await pruneCheckpoints(run, 1, new Set([5, 100]));
  assert.deepEqual(await listCheckpoints(run), [5, 100]);
  await writeFile(join(checkpointFolder(run, 5), 'my notes.txt'), 'mine');
  await pruneCheckpoints(run, 1, new Set([100]));
  assert.deepEqual(await listCheckpoints(run), [5, 100], 'not one with a file of somebody else');
  await rm(join(checkpointFolder(run, 5), 'my notes.txt'));
  await writeFile(join(checkpointFolder(run, 5), '.DS_Store'), '');
  await pruneCheckpoints(run, 1, new Set([100]));
  assert.deepEqual(await readdir(join(run, 'checkpoints')), ['100']);
});
