/** The status of a run through its whole life, with a real process. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Run } from '../../../src/extension/runs/run.js';
import { Supervisor } from '../../../src/extension/trainer/supervisor.js';
import type { RunStatus } from '../../../src/webview/protocol.js';
import { launchOfChild } from '../trainer/launchOfChild.js';

const root = await mkdtemp(join(tmpdir(), 'vitune-run-'));
after(() => rm(root, { recursive: true }));
const supervisor = new Supervisor(launchOfChild, join(root, 'logs'));

/** A run and a way to wait until something is so. */
function watch(folder: string) {
  const statuses: RunStatus[] = [];
  const waiting: { so: () => boolean; resolve: () => void }[] = [];
  const look = (changed: Run) => {
    if (statuses.at(-1) !== changed.status) statuses.push(changed.status);
    for (const each of waiting) if (each.so()) each.resolve();
  };
  const run = new Run(folder, {
    onChange: look,
    onEvents: () => undefined,
    onGone: () => undefined,
    onFailure: (error) => assert.fail(String(error)),
  });
  const until = (so: () => boolean) =>
    new Promise<void>((resolve) => (so() ? resolve() : waiting.push({ so, resolve })));
  return { run, statuses, until };
}

async function config(name: string, plan: object): Promise<string> {
  const path = join(root, `${name}.vitune.json`);
  await writeFile(path, JSON.stringify({ run: join(root, 'runs', name), steps: 20, pause: 5, ...plan }));
  return path;
}

test('a run that ends by itself is finished, with its accuracy and its checkpoint', async () => {
  const { run, statuses, until } = watch(await supervisor.start(await config('finished', {})));
  assert.equal(await run.refresh(), true);
  await until(() => run.status === 'finished' && run.checkpoints.length > 0);
  assert.deepEqual(statuses, ['running', 'finished']);
  assert.deepEqual(run.summary.best, { step: 20, accuracy: 0.75 });
  assert.equal(run.summary.step, 20);
  assert.equal(run.resumable, false);
  assert.equal(run.bestCheckpoint?.step, 20);
  assert.equal(run.info.name, 'photos');
});

test('a stopped run can be resumed, and continues from there', async () => {
  const path = await config('resumed', { end: 'hang', from: 20 });
  const folder = await supervisor.start(path);
  const { run, statuses, until } = watch(folder);
  await run.refresh();
  assert.equal(run.stop(), true);
  assert.equal(run.status, 'stopping');
  await until(() => run.status === 'stopped' && run.checkpoints.length > 0);
  assert.equal(run.resumable, true);
  assert.equal(run.stop(), false);
  run.starting(true);
  assert.equal(run.resumable, false);
  await writeFile(path, JSON.stringify({ run: folder, steps: 20, from: 10 }));
  assert.equal(await supervisor.start(path, { resume: folder }), folder);
  await run.refresh();
  run.begun();
  await until(() => run.status === 'finished');
  assert.deepEqual(statuses.slice(0, 4), ['running', 'stopping', 'stopped', 'starting']);
  assert.equal(run.progress.started?.resumedFrom, 10);
});

test('a run whose trainer is killed is interrupted', async () => {
  const { run, until } = watch(await supervisor.start(await config('killed', { end: 'crash' })));
  await run.refresh();
  await until(() => run.status === 'interrupted');
  assert.equal(run.busy, false);
  assert.equal(run.resumable, true);
});

test('a run with a damaged file is damaged, names the file, and keeps what can be read', async () => {
  const folder = join(root, 'damaged');
  await mkdir(join(folder, 'checkpoints', '4'), { recursive: true });
  const { run } = watch(folder);
  const info = { name: 'photos', config: join(root, 'x.vitune.json'), createdAt: 5 };
  for (const text of ['{"name":"photos"', 'null', JSON.stringify({ ...info, createdAt: 'today' })]) {
    await writeFile(join(folder, 'run.json'), text);
    assert.equal(await run.refresh(), true);
    assert.equal(run.status, 'damaged');
    assert.equal(run.damage?.file, 'run.json');
    assert.deepEqual([run.summary.name, run.resumable, run.checkpoints.length], ['damaged', false, 1]);
  }
  await rm(join(folder, 'run.json'));
  await mkdir(join(folder, 'run.json'));
  assert.equal(await run.refresh(), true);
  assert.equal(run.damage?.file, 'run.json');
  await rm(join(folder, 'run.json'), { recursive: true });
  await writeFile(join(folder, 'run.json'), JSON.stringify(info));
  await run.refresh();
  assert.deepEqual([run.status, run.resumable], ['interrupted', true]);
  const lines = [
    { type: 'invented by a later version', seq: 0, time: 1 },
    { type: 'stopped', run: folder, step: 'four', seq: 1, time: 1 },
    { type: 'stopped', run: folder, step: 4, seq: 2, time: 1 },
  ];
  await writeFile(join(folder, 'events.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await run.refresh();
  assert.equal(run.status, 'damaged');
  assert.deepEqual(run.damage, { file: 'events.jsonl', reason: 'stopped: step: expected a whole number from 0' });
  assert.deepEqual([run.progress.end, run.events.length, run.resumable], ['stopped', 1, true]);
});

test('a folder that is not a run is reported', async () => {
  assert.equal(await watch(root).run.refresh(), false);
});
