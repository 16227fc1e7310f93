/** The warm classification process, against real processes that crash. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ClassifierProcess, type ClassifierOptions } from '../../../src/extension/classify/classifierProcess.js';
import { ShownError } from '../../../src/extension/errors/shownError.js';
import { TrainerDied } from '../../../src/extension/trainer/trainerDied.js';
import type { Classification } from '../../../src/trainer/protocol.js';
import { launchOfChild } from '../trainer/launchOfChild.js';

const root = await mkdtemp(join(tmpdir(), 'vitune-classify-'));
after(() => rm(root, { recursive: true }));

const poison = (path: string): Classification => ({
  path,
  error: { code: 'POISON', message: 'It ends the process.', remedy: 'Replace it.' },
});

function process(t: { after(work: () => void): void }, options: Partial<ClassifierOptions> = {}) {
  const classifier = new ClassifierProcess(launchOfChild, {
    idle: 60_000,
    backoff: 1,
    crashes: 4,
    onPoison: poison,
    onNotice: () => undefined,
    ...options,
  });
  t.after(() => classifier.dispose());
  const ask = async (paths: string[], signal?: AbortSignal, checkpoint = 'a') => {
    const results: Classification[] = [];
    await classifier.classify({ checkpoint, paths, top: 3, signal, onResult: (result) => results.push(result) });
    return results;
  };
  return { classifier, ask };
}

const labelOf = (result: Classification | undefined) =>
  result && 'predictions' in result ? result.predictions[0]?.label : undefined;

test('results come in order, one process for all requests', async (t) => {
  const { ask } = process(t);
  const [first, second] = await Promise.all([ask(['1', '2 odd', '3']), ask(['4'])]);
  assert.deepEqual(
    first.map((result) => result.path),
    ['1', '2 odd', '3'],
  );
  assert.equal('error' in first[1]!, true);
  assert.equal(labelOf(first[0]), labelOf(second[0]));
});

test('a crash loses no result: a fresh process gets the rest', async (t) => {
  const { ask } = process(t);
  const results = await ask(['1', join(root, 'once'), '3']);
  assert.deepEqual(
    results.map((result) => result.path),
    ['1', join(root, 'once'), '3'],
  );
  assert.notEqual(labelOf(results[0]), labelOf(results[1]));
});

test('an image that crashes the process twice gets an error, the others their results', async (t) => {
  const { ask } = process(t);
  const results = await ask(['1', 'crash', '3']);
  assert.deepEqual(
    results.map((result) => ('error' in result ? result.error.code : result.path)),
    ['1', 'POISON', '3'],
  );
});

test('a process that crashes on everything fails the request', async (t) => {
  const { ask } = process(t);
  await assert.rejects(ask(['crash 1', 'crash 2', 'crash 3', 'crash 4']), TrainerDied);
});

test('an error of the process about the request is thrown unchanged', async (t) => {
  const { ask } = process(t);
  await assert.rejects(
    ask(['1'], undefined, 'none'),
    (error) => error instanceof ShownError && error.info.code === 'CHECKPOINT_MISSING',
  );
});

test('a cancel ends the request and not the process', async (t) => {
  const { ask, classifier } = process(t);
  const controller = new AbortController();
  const answer = ask(['slow 1', 'slow 2', 'slow 3'], controller.signal);
  controller.abort();
  await assert.rejects(answer, { name: 'AbortError' });
  const { pid } = classifier;
  assert.equal(labelOf((await ask(['1']))[0]), String(pid));
});

test('an idle process ends, and the next request starts another', async (t) => {
  const { ask, classifier } = process(t, { idle: 1 });
  const first = labelOf((await ask(['1']))[0]);
  while (classifier.pid !== undefined) await pause(5);
  assert.notEqual(labelOf((await ask(['1']))[0]), first);
});
