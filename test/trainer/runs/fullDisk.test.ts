/**
 * A disk that fills up, and a folder that becomes read-only, during training: the last good checkpoint stays, and the
 * run continues from it.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ErrorInfo, TrainEvent } from '../../../src/trainer/protocol.js';
import {
  assertPlain,
  eventsOf,
  jsonLines,
  vitune,
  writeConfig,
  writeDataset,
  type Ended,
} from '../commandLine/program.js';
import { onSmallDisk } from '../checkpoint/smallDisk.js';
import { temporaryFolder } from '../data/images.js';

/** Asserts the end of a run that could not save, and that its checkpoint is whole. */
async function assertKept(ended: Ended, code: string, run: string): Promise<void> {
  assert.equal(ended.code, 2, ended.stdout + ended.stderr);
  assertPlain(ended);
  const error = jsonLines<ErrorInfo>(ended.stdout).at(-1)!;
  assert.equal(error.code, code);
  assert.match(error.message, /What was saved before is intact/);
  const checkpoints = await readdir(join(run, 'checkpoints'));
  assert.deepEqual(checkpoints, ['2']);
  assert.equal(await readFile(join(run, 'last'), 'utf8'), '2\n');
  await eventsOf(run);
}

test('a disk that is full, and then read-only', async (t) => {
  const folder = await temporaryFolder(t);
  const disk = join(folder, 'disk');
  await mkdir(disk);
  await onSmallDisk(t, disk, 2048, async () => {
    await writeDataset(join(folder, 'photos'), { red: 5, green: 5 });
    const run = join(disk, 'run');
    const config = await writeConfig(folder, { method: 'lora', epochs: 4, output: run });
    const filler = join(disk, 'filler');
    const ended = await vitune(['train', config, '--json'], {
      onLine: (line) => {
        if ((JSON.parse(line) as TrainEvent).type !== 'checkpoint' || readdirSync(disk).includes('filler')) return;
        const { bavail, bsize } = statfsSync(disk);
        writeFileSync(filler, Buffer.alloc(bavail * bsize));
      },
    });
    await assertKept(ended, 'NOT_SAVED_DISK_FULL', run);
    assert.deepEqual(
      (await readdir(run)).filter((name) => name === 'lock.json'),
      [],
    );
    rmSync(filler);
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const refused = await vitune(['train', config, '--resume', '--json']);
    assert.equal(refused.code, 2);
    assertPlain(refused);
    assert.equal(jsonLines<ErrorInfo>(refused.stdout).at(-1)!.code, 'NOT_SAVED_READ_ONLY');
    execFileSync('mount', ['-o', 'remount,rw', disk]);
    const resumed = await vitune(['train', config, '--resume', '--json']);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.equal((await eventsOf(run)).at(-1)!.type, 'finished');
  });
});

test(
  'a folder that allows no writing any more',
  {
    skip:
      process.platform === 'win32'
        ? 'permissions are others on Windows'
        : process.getuid?.() === 0 && 'permissions do not stop root',
  },
  async (t) => {
    const folder = await temporaryFolder(t);
    await writeDataset(join(folder, 'photos'), { red: 5, green: 5 });
    const run = join(folder, 'run');
    const config = await writeConfig(folder, { method: 'lora', epochs: 4, output: run });
    const ended = await vitune(['train', config, '--json'], {
      onLine: (line) =>
        (JSON.parse(line) as TrainEvent).type === 'checkpoint' && chmodSync(join(run, 'checkpoints'), 0o555),
    });
    chmodSync(join(run, 'checkpoints'), 0o755);
    await assertKept(ended, 'NOT_SAVED_READ_ONLY', run);
    const resumed = await vitune(['train', config, '--resume', '--json']);
    assert.equal(resumed.code, 0, resumed.stderr);
  },
);
