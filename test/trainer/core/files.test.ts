/** Files that the user names: pipes and devices are refused by name instead of waited for. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../../src/trainer/config/load.js';
import { codeOf, isMissing, isThere, readInput } from '../../../src/trainer/core/files.js';
import { readLabelTable } from '../../../src/trainer/data/labelTable.js';
import { imagesOf } from '../../../src/trainer/inference/classifier.js';
import { readJson } from '../../../src/trainer/models/modelFiles.js';
import { temporaryFolder } from '../data/images.js';

test('a pipe in the place of a file is refused, and not waited for', async (t) => {
  if (process.platform === 'win32') return t.skip('pipes have no place among the files of Windows');
  const folder = await temporaryFolder(t);
  const pipe = join(folder, 'run.vitune.json');
  execFileSync('mkfifo', [pipe]);
  await assert.rejects(readInput(pipe), /pipe/);
  for (const reading of [loadConfig, readLabelTable, readJson, (path: string) => imagesOf([path])])
    await assert.rejects(reading(pipe), { code: 'FILE_UNREADABLE', place: { file: pipe } });
});

test('a file is read, and what is missing has the code of the system', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'a'), 'text');
  await mkdir(join(folder, 'b'));
  assert.equal((await readInput(join(folder, 'a'))).toString(), 'text');
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((name) => isThere(join(folder, name)))), [true, true, false]);
  const missing: unknown = await readInput(join(folder, 'c')).catch((error: unknown) => error);
  assert.deepEqual([codeOf(missing), isMissing(missing), isMissing(undefined)], ['ENOENT', true, false]);
  await assert.rejects(readInput(join(folder, 'b')), { code: 'EISDIR' });
});
