/** Run folders: their names, which one a resume means, which checkpoint a path means. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { loadConfig } from '../../../src/trainer/config/load.js';
import { ActiveRun } from '../../../src/trainer/runs/activeRun.js';
import { createRunFolder, resolveCheckpoint } from '../../../src/trainer/runs/runFolder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), `vitune 'folder' ü `));
});
afterEach(() => rm(folder, { recursive: true }));

async function configOf(name: string, content: object = {}) {
  const file = join(folder, name);
  await writeFile(file, JSON.stringify({ dataset: 'photos', ...content }));
  return loadConfig(file);
}

const at = (...parts: string[]) => join(folder, ...parts);
const finish = (run: ActiveRun) =>
  run.emit({ type: 'finished', run: run.path, best: { step: 1, accuracy: 1 }, seconds: 1, reason: 'epochs' });

/** Creates a run, lets it end or not, and gives its folder. */
async function runOf(config: Awaited<ReturnType<typeof configOf>>, finished = false) {
  const run = await ActiveRun.create(config);
  if (finished) finish(run);
  await run.close();
  return run.path;
}

async function resumed(config: Awaited<ReturnType<typeof configOf>>) {
  const run = await ActiveRun.resume(config);
  await run.close();
  return run;
}

test('runs are numbered', async () => {
  const config = await configOf('birds.vitune.json');
  assert.equal(await runOf(config), at('runs', 'birds'));
  assert.equal(await runOf(config), at('runs', 'birds-2'));
  await mkdir(at('runs', 'birds-3'));
  assert.equal(await runOf(config), at('runs', 'birds-4'));
  const together = await Promise.all(Array.from({ length: 5 }, () => createRunFolder(config)));
  assert.equal(new Set(together).size, 5);
});

test('a run says what it is about', async () => {
  const config = await configOf('birds.vitune.json', { epochs: 3 });
  const run = await runOf(config);
  const info = JSON.parse(await readFile(join(run, 'run.json'), 'utf8')) as Record<string, unknown>;
  assert.deepEqual({ ...info, createdAt: 0 }, { name: 'birds', config: config.path, createdAt: 0 });
  assert.deepEqual(
    JSON.parse(await readFile(join(run, 'config.json'), 'utf8')),
    JSON.parse(JSON.stringify(config.config)),
  );
});

test('an output folder may be new or empty, not in use', async () => {
  const config = await configOf('birds.vitune.json', { output: 'out/deep' });
  await mkdir(at('out', 'deep'), { recursive: true });
  await writeFile(at('out', 'deep', '.DS_Store'), '');
  assert.equal(await runOf(config), at('out', 'deep'));
  await assert.rejects(runOf(config), { code: 'RUN_EXISTS', remedy: /--resume/, place: { file: at('out', 'deep') } });
  await mkdir(at('photos', 'cats'), { recursive: true });
  await assert.rejects(runOf(await configOf('b.vitune.json', { output: 'photos' })), { code: 'OUTPUT_NOT_EMPTY' });
});

test('an output folder that cannot be made', async () => {
  await writeFile(at('file'), '');
  await assert.rejects(runOf(await configOf('a.vitune.json', { output: 'file/run' })), { code: 'NOT_SAVED' });
  await assert.rejects(runOf(await configOf('a.vitune.json', { output: 'file' })), { code: 'FILE_UNREADABLE' });
});

test('a resume means the newest unfinished run of this config', async () => {
  const config = await configOf('birds.vitune.json');
  await assert.rejects(resumed(config), { code: 'NOTHING_TO_RESUME', place: { file: config.path } });
  const unfinished = await runOf(config);
  // createdAt counts milliseconds.
  await new Promise((resolve) => setTimeout(resolve, 2));
  await runOf(config, true);
  await runOf(await configOf('birds-4.vitune.json'));
  await mkdir(at('runs', 'birds-9'));
  assert.equal((await resumed(config)).path, unfinished);
  await new Promise((resolve) => setTimeout(resolve, 2));
  const newer = await runOf(config);
  assert.equal((await resumed(config)).path, newer);
  for (const path of [unfinished, newer]) {
    const event = { type: 'finished', run: path, best: { step: 1, accuracy: 1 }, seconds: 1, reason: 'epochs' };
    await writeFile(join(path, 'events.jsonl'), `${JSON.stringify({ ...event, seq: 0, time: 0 })}\n`);
  }
  await assert.rejects(resumed(config), { code: 'NOTHING_TO_RESUME' });
});

test('a resume with an output folder means that one', async () => {
  const config = await configOf('birds.vitune.json', { output: 'out' });
  await assert.rejects(resumed(config), { code: 'NOTHING_TO_RESUME' });
  const run = await ActiveRun.create(config);
  await run.close();
  assert.equal((await resumed(config)).path, at('out'));
  const again = await ActiveRun.resume(config);
  finish(again);
  await again.close();
  await assert.rejects(resumed(config), { code: 'RUN_FINISHED', place: { file: at('out') } });
});

test('a run is found again when the whole project has moved', async () => {
  const path = await runOf(await configOf('birds.vitune.json'));
  await writeFile(
    join(path, 'run.json'),
    JSON.stringify({ name: 'birds', config: '/elsewhere/birds.vitune.json', createdAt: 5 }),
  );
  assert.equal((await resumed(await configOf('birds.vitune.json'))).path, path);
});

test('damaged files of a run are named', async () => {
  const config = await configOf('birds.vitune.json');
  const run = await runOf(config);
  for (const text of ['{', '{}', 'null']) {
    await writeFile(join(run, 'run.json'), text);
    await assert.rejects(resumed(config), { code: 'RUN_DAMAGED', place: { file: join(run, 'run.json') } });
  }
  await writeFile(join(run, 'run.json'), JSON.stringify({ name: 'birds', config: config.path, createdAt: 5 }));
  for (const text of ['garbage\n', '{"type":"x"}\n']) {
    await writeFile(join(run, 'events.jsonl'), text);
    await assert.rejects(resumed(config), { code: 'RUN_DAMAGED', place: { file: join(run, 'events.jsonl') } });
  }
});

test('a resume continues from the last existing checkpoint', async () => {
  const config = await configOf('birds.vitune.json');
  const run = await runOf(config);
  assert.equal((await resumed(config)).resumeFrom, undefined);
  for (const step of ['5', '10', '20']) await mkdir(join(run, 'checkpoints', step), { recursive: true });
  assert.equal(
    (await resumed(config)).resumeFrom,
    join(run, 'checkpoints', '20'),
    'killed before the pointer was written',
  );
  await writeFile(join(run, 'last'), '10\n');
  assert.equal((await resumed(config)).resumeFrom, join(run, 'checkpoints', '20'), 'killed before it was moved on');
  assert.equal(await readFile(join(run, 'last'), 'utf8'), '20\n');
  await rm(join(run, 'checkpoints', '20'), { recursive: true });
  assert.equal((await resumed(config)).resumeFrom, join(run, 'checkpoints', '10'), 'the last was removed by hand');
});

test('a path means a checkpoint', async () => {
  const run = await runOf(await configOf('birds.vitune.json'));
  await assert.rejects(resolveCheckpoint(run), { code: 'NO_CHECKPOINT_YET', place: { file: run } });
  for (const step of ['5', '10']) {
    await mkdir(join(run, 'checkpoints', step), { recursive: true });
    await writeFile(join(run, 'checkpoints', step, 'vitune.json'), '{}');
  }
  await writeFile(join(run, 'last'), '10\n');
  assert.equal(await resolveCheckpoint(run), join(run, 'checkpoints', '10'));
  await writeFile(join(run, 'best'), '5\n');
  assert.equal(await resolveCheckpoint(run), join(run, 'checkpoints', '5'));
  assert.equal(await resolveCheckpoint(join(run, 'checkpoints', '10') + '/'), join(run, 'checkpoints', '10'));
  await assert.rejects(resolveCheckpoint(at('none')), { code: 'CHECKPOINT_MISSING' });
  for (const path of [folder, join(run, 'checkpoints'), at('birds.vitune.json')])
    await assert.rejects(resolveCheckpoint(path), { code: 'NOT_A_CHECKPOINT' });
});
