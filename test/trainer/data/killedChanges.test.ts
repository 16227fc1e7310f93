/** The process of images is killed at each operation that changes the disk: all of a change is made, or nothing. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ImagesProcess } from '../../../src/extension/imageGrid/imagesProcess.js';
import { TrainerDied } from '../../../src/extension/trainer/trainerDied.js';
import { excludeFile } from '../../../src/shared/excludeList.js';
import { programOf } from '../commandLine/program.js';
import { temporaryFolder, writeTree } from './images.js';

const preload = new URL('killAt.mjs', import.meta.url).href;

async function opened(t: TestContext) {
  const folder = await temporaryFolder(t);
  const root = join(folder, 'photos');
  const names = ['a.png', 'b.png', 'c.png', 'd.png'];
  const rows = names.map((name, i) => `${name};"${i < 2 ? 'cat' : 'dog'}"`);
  const text = `\uFEFFimage;label\r\n${rows.join('\r\n')}\r\n`;
  await writeTree(root, { ...Object.fromEntries(names.map((name, seed) => [name, { seed }])), 'labels.csv': text });
  const mark = join(folder, 'killed');
  const main = await programOf('main');
  const started = (at: number, env: NodeJS.ProcessEnv = {}) =>
    new ImagesProcess({
      executable: process.execPath,
      scripts: { main, cli: main },
      env: {
        ...process.env,
        NODE_OPTIONS: `--import ${preload}`,
        VITUNE_CACHE: join(folder, 'cache'),
        VITUNE_KILL_AT: String(at),
        VITUNE_KILL_BELOW: root,
        VITUNE_KILL_MARK: mark,
        ...env,
      },
      requireAllowed: () => undefined,
    });
  return { root, mark, started, paths: names.slice(0, 2).map((name) => join(root, name)), text };
}

/** Makes the change with a kill at each operation in turn, until there is none left to die at; gives the kills. */
async function atEach(
  t: TestContext,
  { mark, started }: Awaited<ReturnType<typeof opened>>,
  check: (images: ImagesProcess) => Promise<void>,
): Promise<number> {
  let kills = 0;
  for (const isAfter of [false, true])
    for (let at = 1; ; at++) {
      const images = started(at, isAfter ? { VITUNE_KILL_AFTER: '1' } : {});
      t.after(() => images.dispose());
      await check(images);
      images.dispose();
      if (!existsSync(mark)) break;
      await rm(mark);
      kills++;
    }
  return kills;
}

/** What the folder shows, apart from hidden files. */
const shown = async (root: string) => (await readdir(root)).filter((name) => !name.startsWith('.')).sort();

test('cells: a killed process has written all or nothing, and the next one does the rest, once', async (t) => {
  const o = await opened(t);
  const file = join(o.root, 'labels.csv');
  const cells = o.paths.map((path) => ({ path, column: 'label', before: '"cat"', after: '"fox; red"' }));
  const before = await shown(o.root);
  const kills = await atEach(t, o, async (images) => {
    await writeFile(file, o.text);
    const { done, left } = await images.cells(o.root, file, cells);
    assert.deepEqual([done, left], [o.paths, []]);
    assert.equal(await readFile(file, 'utf8'), o.text.replaceAll('"cat"', '"fox; red"'));
    assert.deepEqual(await shown(o.root), before);
  });
  // Opened, written, synced, closed, renamed, cleaned up: before and after each.
  assert.ok(kills >= 12, `${kills} kills`);
});

test('the list of excluded images: likewise, and no line is there twice', async (t) => {
  const o = await opened(t);
  const file = join(o.root, excludeFile);
  for (const isExcluded of [true, false]) {
    const listed = '# by hand\na.png\nb.png\n';
    const kills = await atEach(t, o, async (images) => {
      await writeFile(file, isExcluded ? '# by hand\n' : listed);
      const { done, left } = await images.exclude(o.root, o.paths, isExcluded);
      assert.deepEqual([done, left], [o.paths, []]);
      assert.equal(await readFile(file, 'utf8'), isExcluded ? listed : '# by hand\n');
    });
    assert.ok(kills >= 12, `${kills} kills`);
  }
});

test('where each process dies, that is said, and the file is as it was or as it was to be', async (t) => {
  const o = await opened(t);
  const file = join(o.root, 'labels.csv');
  const after = o.text.replaceAll('"cat"', 'fox');
  const cells = o.paths.map((path) => ({ path, column: 'label', before: '"cat"', after: 'fox' }));
  const endings: string[] = [];
  for (let at = 1; at <= 6; at++) {
    await writeFile(file, o.text);
    const images = o.started(at, { VITUNE_KILL_MARK: '' });
    t.after(() => images.dispose());
    const ending = await images.cells(o.root, file, cells).then(
      () => 'done',
      (error: unknown) => (error instanceof TrainerDied ? 'died' : String(error)),
    );
    const now = await readFile(file, 'utf8');
    endings.push(`${ending}: ${now === after ? 'all' : now === o.text ? 'nothing' : now}`);
  }
  // Opened, written, synced, closed, renamed; in the end, with all done, the second process has nothing to die at.
  assert.deepEqual(endings, [...Array<string>(5).fill('died: nothing'), 'done: all']);
});

test('what somebody saves while the file is written stays: the change is made in what is there then', async (t) => {
  const o = await opened(t);
  const file = join(o.root, 'labels.csv');
  const cells = [{ path: o.paths[0]!, column: 'label', before: '"cat"', after: 'fox' }];
  for (let at = 1; at <= 4; at++) {
    await writeFile(file, o.text);
    const images = o.started(at, { VITUNE_SAVE: file });
    t.after(() => images.dispose());
    const { done } = await images.cells(o.root, file, cells);
    assert.deepEqual(done, [o.paths[0]]);
    const expected = `${o.text.replace('"cat"', 'fox')}c.png;saved meanwhile\r\n`;
    assert.equal(await readFile(file, 'utf8'), expected, `saved before operation ${at}`);
  }
});
