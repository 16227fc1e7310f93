/** A window that is killed in the middle of a change: files are whole and none is lost, and the next window knows. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ChangeJournal } from '../../../src/extension/imageGrid/changeJournal.js';
import { doneOnDisk } from '../../../src/extension/imageGrid/doneOnDisk.js';
import { keepFile } from '../../../src/extension/imageGrid/keepFile.js';
import { inverseOf, joined, noWork, type Work } from '../../../src/extension/imageGrid/work.js';
import { temporaryFolder } from '../../trainer/data/images.js';

const at = (path: string) => new URL(path, import.meta.url).href;

/** Runs a program with the exports of the extension's module, killed at its `kill`th operation in `below`. */
function runKilled(module: string, program: string, below: string, kill: number, env: NodeJS.ProcessEnv = {}) {
  const source = `import * as m from '${at(`../../../src/extension/imageGrid/${module}`)}';\n${program}`;
  const file = join(mkdtempSync(join(tmpdir(), 'vitune-killed-')), 'program.mts');
  writeFileSync(file, source);
  const preload = at('../../trainer/data/killAt.mjs');
  const done = spawnSync(process.execPath, ['--import', 'tsx', '--import', preload, file], {
    encoding: 'utf8',
    env: { ...process.env, VITUNE_KILL_AT: String(kill), VITUNE_KILL_BELOW: below, ...env },
  });
  rmSync(dirname(file), { recursive: true });
  assert.ok(done.signal === 'SIGKILL' || done.status === 0, done.stderr);
  return done.signal === 'SIGKILL';
}

/** A folder on another device than the system's folder for temporary files. */
function otherDevice(t: TestContext): string | undefined {
  if (!existsSync('/dev/shm') || statSync('/dev/shm').dev === statSync(tmpdir()).dev) return undefined;
  const folder = mkdtempSync('/dev/shm/vitune-');
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const bytes = Buffer.alloc(3_000_000, 'image');

test('a file that comes back, also from another device, is there whole or not at all', async (t) => {
  const folder = await temporaryFolder(t);
  const other = otherDevice(t);
  for (const place of [folder, ...(other ? [other] : [])]) {
    const held = join(place, 'held', 'a.png');
    mkdirSync(dirname(held), { recursive: true });
    writeFileSync(held, bytes);
    let kills = 0;
    for (const env of [{}, { VITUNE_KILL_AFTER: '1' }])
      for (let kill = 1; ; kill++) {
        const below = join(folder, `photos-${Object.keys(env).length}-${kill}-${place.length}`);
        const path = join(below, 'cat', 'a.png');
        const program = `await m.keepFile(${JSON.stringify(held)}, ${JSON.stringify(path)});`;
        // Everything that is done has the one or the other place as its first name.
        const isKilled = runKilled('keepFile.ts', program, place === folder ? folder : '/', kill, env);
        assert.deepEqual(await readFile(held), bytes);
        if (existsSync(path)) assert.deepEqual(await readFile(path), bytes);
        else await keepFile(held, path);
        assert.deepEqual(await readFile(path), bytes);
        const seen = (await readdir(dirname(path))).filter((name) => !name.startsWith('.'));
        assert.deepEqual(seen, ['a.png']);
        await assert.rejects(keepFile(held, path), { code: 'EEXIST' });
        if (!isKilled) break;
        kills++;
      }
    assert.ok(kills >= (place === folder ? 4 : 10), `${kills} kills`);
  }
});

test('the next window knows what was done and what was not, takes it back, or does the rest', async (t) => {
  const folder = await temporaryFolder(t);
  const photos = join(folder, 'photos');
  const journal = join(folder, 'changes');
  const place = (...parts: string[]) => join(photos, ...parts);
  const names = ['a.png', 'b.png', 'c.png'];
  const work: Work = {
    ...noWork,
    moves: names.map((name) => ({ from: place('cat', name), to: place('dog', name) })),
    prune: [place('cat')],
  };
  const title = '3 images are now in the class “dog”.';
  const program = `
    import { rename, mkdir } from 'node:fs/promises';
    const work = ${JSON.stringify(work)};
    const end = await new m.ChangeJournal(${JSON.stringify(journal)}).begin({ title: '${title}', dataset: '/photos', work });
    await mkdir(${JSON.stringify(place('dog'))}, { recursive: true });
    for (const { from, to } of work.moves) await rename(from, to);
    await end();`;
  const counts: string[] = [];
  for (let kill = 1; ; kill++) {
    await rm(folder, { recursive: true });
    mkdirSync(place('cat'), { recursive: true });
    for (const name of names) writeFileSync(place('cat', name), name);
    const isKilled = runKilled('changeJournal.ts', program, folder, kill);
    const found = await new ChangeJournal(journal).interrupted();
    if (!isKilled) {
      assert.deepEqual(found, []);
      break;
    }
    const [begun] = found;
    if (!begun) {
      // It had not yet begun: nothing was moved.
      assert.deepEqual(await readdir(place('cat')), names);
      continue;
    }
    assert.deepEqual([begun.title, begun.dataset, begun.work], [title, '/photos', JSON.parse(JSON.stringify(work))]);
    const { done, rest } = await doneOnDisk(begun.work);
    counts.push(`${done.moves.length} + ${rest.moves.length}`);
    assert.deepEqual(joined(done, rest).moves, work.moves);
    if (rest.moves.length === 1) for (const { from, to } of rest.moves) await rename(from, to);
    const isWhole = rest.moves.length <= 1;
    for (const { from, to } of inverseOf(isWhole ? work : done, []).moves) await rename(from, to);
    for (const name of names) assert.equal(await readFile(place('cat', name), 'utf8'), name);
    await begun.forget();
    assert.deepEqual(await new ChangeJournal(journal).interrupted(), []);
  }
  // Killed at making the folder, at each move, and at the end.
  assert.deepEqual(counts, ['0 + 3', '0 + 3', '1 + 2', '2 + 1', '3 + 0']);
});

test('a window that lives is none that ended; half a file and one of another version are none either', async (t) => {
  const folder = await temporaryFolder(t);
  const begin = () => new ChangeJournal(folder).begin({ title: 'x', dataset: '/photos', work: noWork });
  const end = await begin();
  const [name] = await readdir(folder);
  const living = name!.replace(/^\d+/, String(process.ppid));
  await rename(join(folder, name!), join(folder, living));
  writeFileSync(join(folder, '1000000000-a.json.tmp'), '{');
  writeFileSync(join(folder, '1000000000-b.json'), '{"format": 1, "title"');
  writeFileSync(join(folder, '1000000000-c.json'), '{"format": 99}');
  writeFileSync(join(folder, '1000000000-d.json'), 'null');
  assert.deepEqual(await new ChangeJournal(folder).interrupted(), []);
  assert.deepEqual(await readdir(folder), [living]);
  await end();
});

test('what was trashed or put back counts by where it is now, and a file in both places stays in both', async (t) => {
  const folder = await temporaryFolder(t);
  const file = (name: string) => ({ path: join(folder, name), copy: join(folder, `held-${name}`) });
  const [gone, kept, half] = [file('gone'), file('kept'), file('half')];
  for (const path of [gone.copy, kept.path, half.path, half.copy]) writeFileSync(path, 'x');
  const trash = [gone, kept, half];
  const trashed = await doneOnDisk({ ...noWork, trash });
  assert.deepEqual([trashed.done.trash, trashed.rest.trash], [[gone], [kept, half]]);
  const restored = await doneOnDisk({ ...noWork, restore: trash });
  assert.deepEqual([restored.done.restore, restored.rest.restore], [[kept, half], [gone]]);
  const both = { from: half.path, to: half.copy };
  const moved = await doneOnDisk({ ...noWork, moves: [both] });
  assert.deepEqual([moved.done.moves, moved.rest.moves], [[], [both]]);
  assert.ok(existsSync(both.from) && existsSync(both.to));
});
