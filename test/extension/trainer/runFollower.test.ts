/** Following a run by its file and its socket, against real processes. */
import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { RunFollower } from '../../../src/extension/trainer/runFollower.js';
import { readLock } from '../../../src/extension/trainer/runFolder.js';
import { Supervisor } from '../../../src/extension/trainer/supervisor.js';
import type { RecordedEvent } from '../../../src/trainer/protocol.js';
import { launchOfChild } from './launchOfChild.js';

const root = await mkdtemp(join(tmpdir(), 'vitune-follower-'));
after(() => rm(root, { recursive: true }));
const supervisor = new Supervisor(launchOfChild, join(root, 'logs'));

/** Follows a folder; `gone` resolves when its trainer is. */
function follow(folder: string) {
  const heard: RecordedEvent[] = [];
  const attached: boolean[] = [];
  let leave = () => undefined as void;
  const gone = new Promise<void>((resolve) => (leave = resolve));
  const follower = new RunFollower(folder, {
    onEvents: (events) => heard.push(...events),
    onAttached: (yes) => {
      attached.push(yes);
      if (!yes) leave();
    },
    onFailure: (error) => assert.fail(String(error)),
  });
  return { follower, heard, attached, gone };
}

async function start(name: string, plan: object): Promise<string> {
  const config = join(root, `${name}.vitune.json`);
  await writeFile(config, JSON.stringify({ run: join(root, 'runs', name), steps: 40, pause: 5, ...plan }));
  return supervisor.start(config);
}

const inOrder = (events: RecordedEvent[]) =>
  assert.deepEqual(
    events.map((event) => event.seq),
    [...events.keys()],
  );

test('every event is heard once and in order, from the first to the end', async () => {
  const { follower, heard, attached, gone } = follow(await start('whole', {}));
  await follower.refresh();
  assert.equal(follower.attached, true);
  await gone;
  inOrder(heard);
  assert.equal(heard.at(-1)?.type, 'finished');
  assert.equal(heard.filter((event) => event.type === 'step').length, 40);
  assert.deepEqual(attached, [true, false]);
});

test('a second follower, come late, hears all that the first heard', async () => {
  // So many steps that the second follower comes before their end on any machine.
  const folder = await start('late', { steps: 600 });
  const first = follow(folder);
  await first.follower.refresh();
  while (first.heard.length < 15) await pause(5);
  const second = follow(folder);
  await second.follower.refresh();
  await Promise.all([first.gone, second.gone]);
  inOrder(second.heard);
  assert.deepEqual(second.heard, first.heard);
});

test('a stop is heard by the trainer', async () => {
  const { follower, heard, gone } = follow(await start('stopped', { end: 'hang' }));
  await follower.refresh();
  assert.equal(follower.send({ type: 'stop' }), true);
  await gone;
  assert.equal(heard.at(-1)?.type, 'stopped');
  assert.equal(follower.send({ type: 'stop' }), false);
});

test('a killed trainer leaves all complete lines, and the lines of a resume are followed too', async () => {
  const folder = await start('killed', { end: 'crash' });
  const { follower, heard, gone } = follow(folder);
  await follower.refresh();
  await gone;
  inOrder(heard);
  assert.equal(heard.at(-1)?.type, 'step');
  const before = heard.length;
  assert.notEqual(await readLock(folder), undefined, 'a killed trainer leaves its lock');
  await appendFile(
    join(folder, 'events.jsonl'),
    '\n' + JSON.stringify({ type: 'progress', phase: 'decode', done: 1, total: 1, seq: before, time: 1 }) + '\n',
  );
  await follower.refresh();
  assert.equal(heard.length, before + 1);
  assert.equal(follower.attached, false);
});

test('a folder without events, or without a trainer, is not an error', async () => {
  const empty = follow(join(root, 'nothing'));
  await empty.follower.refresh();
  assert.deepEqual(empty.heard, []);
  const folder = join(root, 'stale');
  await mkdir(folder);
  await writeFile(join(folder, 'lock.json'), '{"pid":');
  await empty.follower.refresh();
  const stale = follow(folder);
  await stale.follower.refresh();
  assert.equal(stale.follower.attached, false);
});
