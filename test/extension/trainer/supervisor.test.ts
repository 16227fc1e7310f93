/** Starting trainers, against real processes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ShownError } from '../../../src/extension/errors/shownError.js';
import { readLock } from '../../../src/extension/trainer/runFolder.js';
import { hasRunOutOfMemory, isKilled, Supervisor } from '../../../src/extension/trainer/supervisor.js';
import { lastLines, TrainerDied } from '../../../src/extension/trainer/trainerDied.js';
import { launchOfChild } from './launchOfChild.js';

const root = await mkdtemp(join(tmpdir(), "vitune's tëst "));
after(() => rm(root, { recursive: true }));

async function config(name: string, plan: object): Promise<string> {
  const path = join(root, `${name}.vitune.json`);
  await writeFile(path, JSON.stringify({ run: join(root, 'runs', name), steps: 3, ...plan }));
  return path;
}
const supervisor = new Supervisor(launchOfChild, join(root, 'logs'));

test('the run folder is what the trainer prints, ignoring the output of libraries', async () => {
  const path = await config('plain', {});
  assert.equal(await supervisor.start(path), join(root, 'runs', 'plain'));
  assert.match(await supervisor.tailOf(path), /a library warns/);
});

test('how far a download before the start is', async () => {
  const path = await config('downloading', { downloads: [10, 60] });
  const told: number[] = [];
  await supervisor.start(path, { onDownload: ({ done }) => told.push(done) });
  assert.equal(told.at(-1), 60);
});

test('an error of the trainer is thrown unchanged', async () => {
  const path = await config('refused', { end: 'refuse' });
  await assert.rejects(
    supervisor.start(path),
    (error) => error instanceof ShownError && error.info.code === 'DATASET_MISSING' && error.info.line === 2,
  );
});

test('a trainer that ends without an error message leaves its code and last lines', async () => {
  const path = await config('silent', { end: 'silent' });
  await assert.rejects(
    supervisor.start(path),
    (error) => error instanceof TrainerDied && error.ending === 3 && error.tail.includes('warns'),
  );
  assert.equal(supervisor.isStarting(path), false);
});

test('how a trainer ended is known afterwards: killed from outside, by itself, or not at all', async () => {
  assert.equal(await supervisor.endingOf(await config('never started', {})), undefined);
  const whole = await config('ends well', {});
  await supervisor.start(whole);
  assert.equal(await supervisor.endingOf(whole), 0);
  const killed = await config('killed', { end: 'crash' });
  await supervisor.start(killed);
  const ending = await supervisor.endingOf(killed);
  // Windows knows no signals: a process is ended with a code.
  if (process.platform !== 'win32') assert.equal(ending, 'SIGKILL');
  assert.equal(isKilled(ending), process.platform !== 'win32');
  assert.deepEqual([137, 'SIGTERM' as const, 1, null, undefined].map(isKilled), [true, false, false, false, false]);
});

test('a trainer that V8 ended for lack of memory is known by its last words', () => {
  const script = 'const all = []; for (;;) all.push(new Array(1e6).fill(all.length))';
  const { stderr } = spawnSync(process.execPath, ['--max-old-space-size=32', '-e', script], { encoding: 'utf8' });
  assert.ok(hasRunOutOfMemory(lastLines(stderr, 60)), stderr);
  assert.ok(!hasRunOutOfMemory('a library warns'));
});

test('an executable that is not there is an error, not a wait for ever', async () => {
  const nowhere = new Supervisor({ ...launchOfChild, executable: join(root, 'no-node') }, join(root, 'logs'));
  await assert.rejects(nowhere.start(await config('nowhere', {})), /ENOENT/);
});

test('two starts with one config do not make two trainers', async () => {
  const path = await config('twice', {});
  const first = supervisor.start(path);
  assert.equal(supervisor.isStarting(path), true);
  await assert.rejects(supervisor.start(path), /being started/);
  await first;
});

test('a trainer that was stopped before it began is not an error', async () => {
  await assert.rejects(supervisor.start(await config('stopped', { end: 'cancelled' })), { name: 'AbortError' });
});

test('a start that is cancelled leaves no process', async () => {
  const path = await config('cancelled', {});
  await assert.rejects(supervisor.start(path, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.equal(await readLock(join(root, 'runs', 'cancelled')), undefined);
});
