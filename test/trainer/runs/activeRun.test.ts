/** Runs held by real processes: attach, stop, kill, resume, and a second trainer on the same run. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, test } from 'node:test';
import { loadConfig } from '../../../src/trainer/config/load.js';
import type { ErrorInfo, RecordedEvent, RunLock } from '../../../src/trainer/protocol.js';
import { ActiveRun } from '../../../src/trainer/runs/activeRun.js';
import { requireRun } from '../../../src/trainer/runs/runFolder.js';

let folder: string;
let config: string;
let children: ChildProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), `vitune 'run' ü `));
  config = join(folder, 'my config.vitune.json');
  await writeFile(config, '{"dataset":"photos"}');
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** Starts a trainer process and gives its first line. */
async function start(mode: 'create' | 'resume') {
  const script = join(import.meta.dirname, 'holdRun.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, config, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, first: JSON.parse(line) as { run: string; resumeFrom?: string } & Partial<ErrorInfo> };
}

const lockOf = async (run: string) => JSON.parse(await readFile(join(run, 'lock.json'), 'utf8')) as RunLock;
const eventsOf = async (run: string) =>
  (await readFile(join(run, 'events.jsonl'), 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as RecordedEvent);

async function attach(run: string): Promise<Socket> {
  const socket = connect((await lockOf(run)).socket);
  await once(socket, 'connect');
  return socket;
}

function assertCounted(events: RecordedEvent[]) {
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, i) => i),
  );
}

test('windows attach, see every event from then on, and stop the run', async () => {
  const { child, first } = await start('create');
  assert.equal(first.run, join(folder, 'runs', 'my config'));
  assert.equal((await lockOf(first.run)).pid, child.pid);
  const windows = await Promise.all([attach(first.run), attach(first.run)]);
  const seen: RecordedEvent[][] = windows.map(() => []);
  const ended = windows.map(async (window, i) => {
    createInterface({ input: window }).on('line', (line) => seen[i]!.push(JSON.parse(line) as RecordedEvent));
    await once(window, 'close');
  });
  await once(windows[0]!, 'data');
  windows[1]!.write('{"type":"stop"}\n');
  await Promise.all([...ended, once(child, 'exit')]);
  assert.equal(child.exitCode, 0);
  const events = await eventsOf(first.run);
  assertCounted(events);
  assert.equal(events.at(-1)!.type, 'stopped');
  for (const part of seen) {
    assert.ok(part.length > 0);
    assert.deepEqual(part, events.slice(-part.length), 'the same as in the file, without a gap, to the last');
  }
  assert.deepEqual((await readdir(first.run)).sort(), ['config.json', 'events.jsonl', 'run.json']);
});

test('an invalid request closes its connection and does not affect the run', async () => {
  const { child, first } = await start('create');
  for (const text of ['nonsense\n', 'null\n', '{"type":"explode"}\n', '5\n', 'endless'.repeat(1000)]) {
    const socket = await attach(first.run);
    // The one that is hung up on may see a reset first.
    const closed = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
    socket.resume().write(text);
    await closed;
  }
  const window = await attach(first.run);
  window.destroy();
  const other = await attach(first.run);
  await once(other, 'data');
  assert.equal(child.exitCode, null);
  other.destroy();
});

test('a second trainer on a living run is turned away, before and after a resume', async () => {
  const { child, first } = await start('create');
  const second = await start('resume');
  assert.equal(second.first.code, 'RUN_LOCKED');
  assert.equal(second.first.file, first.run);
  assert.ok(second.first.message!.includes(String(child.pid)));
  await assert.rejects(async () => ActiveRun.resume(await loadConfig(config)), { code: 'RUN_LOCKED' });
  assert.equal((await lockOf(first.run)).pid, child.pid);
});

test('a killed trainer leaves a run that can be resumed, its log whole and counted on', async () => {
  const { child, first } = await start('create');
  const { socket } = await lockOf(first.run);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const file = join(first.run, 'events.jsonl');
  const before = await eventsOf(first.run);
  await writeFile(file, '{"type":"step","ste', { flag: 'a' });
  await mkdir(join(first.run, 'checkpoints', '.unfinished-7-1-0'), { recursive: true });
  await mkdir(join(first.run, 'checkpoints', '5'));
  await writeFile(join(first.run, 'last'), '5\n');
  const createdAt = (JSON.parse(await readFile(join(first.run, 'run.json'), 'utf8')) as { createdAt: number })
    .createdAt;

  const second = await start('resume');
  assert.equal(second.first.run, first.run);
  assert.equal(second.first.resumeFrom, join(first.run, 'checkpoints', '5'));
  assert.equal((await lockOf(first.run)).pid, second.child.pid);
  const window = await attach(first.run);
  window.resume().write('{"type":"stop"}\n');
  await once(second.child, 'exit');
  const events = await eventsOf(first.run);
  assertCounted(events);
  assert.deepEqual(events.slice(0, before.length), before);
  assert.ok(events.length > before.length);
  assert.deepEqual(await readdir(join(first.run, 'checkpoints')), ['5']);
  assert.equal(
    (JSON.parse(await readFile(join(first.run, 'run.json'), 'utf8')) as { createdAt: number }).createdAt,
    createdAt,
  );
  if (process.platform !== 'win32')
    await assert.rejects(stat(socket), { code: 'ENOENT' }, 'the socket of the killed one is gone');
});

test('a lock of a live process that does not respond, or a truncated one, is broken', async () => {
  const loaded = await loadConfig(config);
  const run = await ActiveRun.create(loaded);
  await run.close();
  // The number of a dead trainer may belong to another process by now, here to this one.
  await writeFile(
    join(run.path, 'lock.json'),
    JSON.stringify({ host: hostname(), pid: process.pid, socket: join(folder, 'nobody.sock'), startedAt: 0 }),
  );
  const second = await ActiveRun.resume(loaded);
  assert.equal(second.path, run.path);
  await second.close();
  await writeFile(join(run.path, 'lock.json'), '{"pid":12');
  const third = await ActiveRun.resume(loaded);
  assert.equal((await lockOf(run.path)).pid, process.pid);
  await third.close();
});

test('a lock of another machine holds, whatever runs here under its number, until it is removed', async () => {
  const loaded = await loadConfig(config);
  const run = await ActiveRun.create(loaded);
  await run.close();
  const lock = join(run.path, 'lock.json');
  for (const pid of [process.pid, 999_999_999]) {
    const text = JSON.stringify({ host: 'another machine', pid, socket: join(folder, 'nobody.sock'), startedAt: 0 });
    await writeFile(lock, text);
    await assert.rejects(ActiveRun.resume(loaded), (error: ErrorInfo) => {
      assert.equal(error.code, 'RUN_LOCKED');
      assert.ok(error.message.includes('another machine') && error.message.includes(String(pid)));
      assert.ok(error.remedy.includes(lock));
      return true;
    });
    assert.equal(await readFile(lock, 'utf8'), text);
  }
  await rm(lock);
  const second = await ActiveRun.resume(loaded);
  assert.equal((await lockOf(run.path)).host, hostname());
  await second.close();
});

test('of many trainers that break a dead lock at once, one wins', async () => {
  const loaded = await loadConfig(config);
  const run = await ActiveRun.create(loaded);
  await run.close();
  for (let round = 0; round < 20; round++) {
    await writeFile(
      join(run.path, 'lock.json'),
      JSON.stringify({ host: hostname(), pid: process.pid, socket: join(folder, 'nobody.sock'), startedAt: 0 }),
    );
    // One that was killed while it broke the lock.
    if (round === 7) await writeFile(join(run.path, 'lock.json.breaking'), '999999999');
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => ActiveRun.resume(loaded)));
    const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    assert.equal(winners.length, 1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') assert.equal((outcome.reason as ErrorInfo).code, 'RUN_LOCKED');
    await winners[0]!.value.close();
  }
  assert.deepEqual((await readdir(run.path)).sort(), ['config.json', 'events.jsonl', 'run.json']);
});

test('a run that failed before it began can be discarded, without files of other runs', async () => {
  const run = await ActiveRun.create(await loadConfig(config));
  run.emit({ type: 'error', code: 'DATASET_MISSING', message: 'm', remedy: 'r' });
  await run.discard();
  assert.deepEqual(await readdir(join(folder, 'runs')), []);
  await mkdir(join(folder, 'out', '.git'), { recursive: true });
  await (await ActiveRun.create(await loadConfig(config, ['output=out']))).discard();
  assert.deepEqual(await readdir(join(folder, 'out')), ['.git']);
});

test('a resume keeps the settings of the start, until they are set again', async () => {
  const first = await ActiveRun.create(await loadConfig(config, ['epochs=7', 'learningRate=0.5']));
  await first.close();
  const second = await ActiveRun.resume(await loadConfig(config));
  assert.deepEqual([second.path, second.loaded.config.epochs, second.loaded.config.learningRate], [first.path, 7, 0.5]);
  await second.close();
  const third = await ActiveRun.resume(await loadConfig(config, ['epochs=9']));
  assert.deepEqual([third.loaded.config.epochs, third.loaded.config.learningRate], [9, 0.5]);
  await third.close();
  const fourth = await ActiveRun.resume(await loadConfig(config));
  assert.deepEqual([fourth.loaded.config.epochs, fourth.loaded.config.learningRate], [9, 0.5]);
  await fourth.close();
});

/** A checkpoint as far as pointers go: its state says which step is the best. */
async function checkpointAt(run: string, step: number, best: number): Promise<void> {
  await mkdir(join(run, 'checkpoints', String(step)), { recursive: true });
  await writeFile(join(run, 'checkpoints', String(step), 'state.json'), JSON.stringify({ step, best: { step: best } }));
}

test('a run that was killed between two of its writes is mended when it is opened', async () => {
  const loaded = await loadConfig(config, ['saveTotalLimit=2']);
  const first = await ActiveRun.create(loaded);
  await first.close();
  for (const [step, best] of [
    [2, 2],
    [4, 2],
    [6, 6],
  ] as const)
    await checkpointAt(first.path, step, best);
  // Killed between its pointers: the last is written, the best is not, and nothing is pruned yet.
  await writeFile(join(first.path, 'last'), '6\n');
  await writeFile(join(first.path, 'best'), '2\n');
  const second = await ActiveRun.resume(loaded);
  assert.equal(second.resumeFrom, join(first.path, 'checkpoints', '6'));
  await second.close();
  assert.equal(await readFile(join(first.path, 'best'), 'utf8'), '6\n');
  assert.deepEqual((await readdir(join(first.path, 'checkpoints'))).sort(), ['4', '6']);
  // Killed before any pointer, and damaged ones.
  await checkpointAt(first.path, 8, 6);
  await writeFile(join(first.path, 'best'), 'six');
  const third = await ActiveRun.resume(loaded);
  assert.equal(third.resumeFrom, join(first.path, 'checkpoints', '8'));
  await third.close();
  assert.equal(await readFile(join(first.path, 'last'), 'utf8'), '8\n');
  assert.equal(await readFile(join(first.path, 'best'), 'utf8'), '6\n');
});

test('a planted lock makes nobody connect to, or remove, what is not a trainer', async (t) => {
  if (process.platform === 'win32') return t.skip('sockets are files on other systems only');
  const loaded = await loadConfig(config);
  const run = await ActiveRun.create(loaded);
  await run.close();
  let connections = 0;
  const count = (socket: Socket) => {
    connections++;
    socket.destroy();
  };
  const tcp = createServer(count).listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const theirs = join(folder, 'theirs.sock');
  const named = join(folder, 'vitune-0123456789ab.sock');
  const open = join(folder, `vitune-${process.getuid!()}`);
  await mkdir(open);
  await chmod(open, 0o755);
  const sockets = [theirs, named, join(open, '0123456789ab.sock')];
  const servers = sockets.map((socket) => createServer(count).listen(socket));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  for (const socket of [...sockets, String(port), `${port}`, '0', join(open, '..', 'theirs.sock')]) {
    await writeFile(
      join(run.path, 'lock.json'),
      JSON.stringify({ host: hostname(), pid: process.pid, socket, startedAt: 0 }),
    );
    const next = await ActiveRun.resume(loaded);
    await next.close();
  }
  assert.equal(connections, 0);
  for (const socket of sockets) assert.ok((await stat(socket)).isSocket(), `${socket} is still there`);
  for (const server of [tcp, ...servers]) server.close();
});

test('whoever was ended while breaking a lock holds nobody up for ever', async () => {
  const loaded = await loadConfig(config);
  const run = await ActiveRun.create(loaded);
  await run.close();
  await writeFile(join(run.path, 'lock.json'), '{"pid":12');
  // Its number belongs to a living process by now: to this one.
  await writeFile(join(run.path, 'lock.json.breaking'), String(process.pid));
  const second = await ActiveRun.resume(loaded);
  await second.close();
  assert.ok(!(await readdir(run.path)).some((name) => name.startsWith('lock.json')));
});

test('a run whose folder is removed or renamed at work ends with an error', async (t) => {
  if (process.platform === 'win32') return t.skip('Windows does not let an open file go');
  const notice = { type: 'notice', code: 'X', message: 'm' } as const;
  for (const take of [
    (path: string) => rm(path, { recursive: true }),
    (path: string) => rename(path, `${path}-elsewhere`),
  ]) {
    const run = await ActiveRun.create(await loadConfig(config));
    run.emit(notice);
    await take(run.path);
    assert.throws(() => run.emit(notice), { code: 'RUN_FOLDER_GONE', place: { file: run.path } });
    await assert.rejects(requireRun(run.path), { code: 'RUN_FOLDER_GONE' });
    await run.close();
  }
});

test('of many starts with one output at once, one becomes the run', async () => {
  const loaded = await loadConfig(config, ['output=out']);
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => ActiveRun.create(loaded)));
  const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  assert.equal(made.length, 1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected')
      assert.match((outcome.reason as ErrorInfo).code, /^(RUN_LOCKED|RUN_EXISTS|OUTPUT_NOT_EMPTY)$/);
  await made[0]!.close();
  await assert.rejects(ActiveRun.create(loaded), { code: 'RUN_EXISTS' });
});

test('a start that was killed before it had a run.json leaves its output free', async () => {
  const loaded = await loadConfig(config, ['output=out']);
  await mkdir(join(folder, 'out'));
  const lock = { host: hostname(), pid: 999_999_999, socket: join(folder, 'nobody.sock'), startedAt: 0 };
  await writeFile(join(folder, 'out', 'lock.json'), JSON.stringify(lock));
  await writeFile(join(folder, 'out', 'config.json'), '{}');
  await assert.rejects(ActiveRun.resume(loaded), { code: 'NOTHING_TO_RESUME' });
  const run = await ActiveRun.create(loaded);
  await run.close();
  assert.deepEqual((await readdir(run.path)).sort(), ['config.json', 'events.jsonl', 'run.json']);
});
