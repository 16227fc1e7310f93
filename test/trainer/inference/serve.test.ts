/** The warm process, driven by the extension's own client over IPC. */
import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ClassifierProcess } from '../../../src/extension/classify/classifierProcess.js';
import type { Classification, ErrorInfo } from '../../../src/trainer/protocol.js';
import { programOf, tinyModel } from '../commandLine/program.js';
import { temporaryFolder, writeTree } from '../data/images.js';

test('what a model leaves open is reported once for each time that it is opened', async (t) => {
  const folder = await temporaryFolder(t);
  await writeTree(folder, { 'a.png': { seed: 1 }, 'b.png': { seed: 2 } });
  const silent = join(folder, 'silent');
  await cp(tinyModel, silent, { recursive: true });
  await rm(join(silent, 'preprocessor_config.json'));
  const notices: ErrorInfo[] = [];
  const main = await programOf('main');
  const classifier = new ClassifierProcess(
    {
      executable: process.execPath,
      scripts: { main, cli: main },
      env: { ...process.env, VITUNE_THREADS: '1' },
      requireAllowed: () => undefined,
    },
    {
      idle: 60_000,
      backoff: 1,
      crashes: 1,
      onPoison: (path) => assert.fail(path),
      onNotice: (notice) => notices.push(notice),
    },
  );
  t.after(() => classifier.dispose());
  const ask = async (checkpoint: string): Promise<Classification[]> => {
    const results: Classification[] = [];
    const paths = ['a.png', 'b.png'].map((name) => join(folder, name));
    await classifier.classify({ checkpoint, paths, top: 1, onResult: (result) => results.push(result) });
    return results;
  };
  assert.deepEqual(await ask(tinyModel), await ask(silent));
  assert.deepEqual(await ask(silent), await ask(tinyModel));
  assert.deepEqual(
    notices.map(({ code }) => code),
    ['PREPROCESSOR_ASSUMED'],
  );
  assert.ok(notices[0]!.remedy);
});
