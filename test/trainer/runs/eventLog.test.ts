/** The log of events: counting, going on after a crash, and a disk that is full. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { TrainEvent } from '../../../src/trainer/protocol.js';
import { EventLog, eventsFile, readLastEvent } from '../../../src/trainer/runs/eventLog.js';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'vitune events '));
});
afterEach(() => rm(run, { recursive: true }));

const step = (n: number): TrainEvent => ({
  type: 'step',
  step: n,
  epoch: 0,
  loss: 1,
  learningRate: 0.1,
  imagesPerSecond: 5,
  waiting: 0,
});
const lines = async () => (await readFile(eventsFile(run), 'utf8')).trimEnd().split('\n');

test('events are counted from 0, across openings', async () => {
  assert.equal(await readLastEvent(run), undefined);
  for (let opening = 0; opening < 3; opening++) {
    const log = await EventLog.open(run);
    assert.equal(log.append(step(1)).seq, opening * 2);
    assert.equal(log.append({ type: 'notice', code: 'X', message: 'über\nzwei Zeilen' }).seq, opening * 2 + 1);
    log.close();
  }
  assert.equal((await lines()).length, 6);
  assert.equal((await readLastEvent(run))!.seq, 5);
});

test('a last line cut at any byte is dropped, and those before stay', async () => {
  const log = await EventLog.open(run);
  for (let i = 0; i < 3; i++) log.append({ type: 'notice', code: 'X', message: 'ü€😀' });
  log.close();
  const whole = await readFile(eventsFile(run));
  const second = whole.indexOf('\n', whole.indexOf('\n') + 1) + 1;
  for (let size = second; size < whole.length; size++) {
    await writeFile(eventsFile(run), whole.subarray(0, size));
    const again = await EventLog.open(run);
    assert.equal(again.append(step(9)).seq, 2);
    again.close();
    const [one, two, three, ...rest] = await lines();
    assert.equal(`${one}\n${two}\n`, whole.toString('utf8', 0, second));
    assert.equal((JSON.parse(three!) as { step: number }).step, 9);
    assert.deepEqual(rest, []);
  }
});

test('on a full disk an event is a UserError and leaves no half line', async (t) => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return t.skip('needs root on Linux, to mount a small file system');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', run], { stdio: 'pipe' });
  } catch (error) {
    return t.skip(`cannot mount: ${String(error)}`);
  }
  try {
    const log = await EventLog.open(run);
    const message = 'x'.repeat(5000);
    let written = 0;
    const fill = () => {
      for (; written < 100; written++) log.append({ type: 'notice', code: 'X', message });
    };
    assert.throws(fill, { code: 'NOT_SAVED_DISK_FULL' });
    log.close();
    assert.ok(written > 5);
    assert.equal((await lines()).length, written);
    for (const line of await lines()) JSON.parse(line);
  } finally {
    execFileSync('umount', [run]);
  }
});
