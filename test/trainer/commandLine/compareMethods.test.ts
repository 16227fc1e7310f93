/** The comparison of methods: one split and seed, a row for each, interrupted and continued, and refused options. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { methodSchemas } from '../../../src/trainer/config/methods.js';
import type { Comparison, RecordedEvent, TrainEvent } from '../../../src/trainer/protocol.js';
import { rowOf } from '../../../src/trainer/commandLine/compareMethods.js';
import { comparisonTable } from '../../../src/trainer/commandLine/comparisonTable.js';
import { assertPlain, eventsOf, jsonLines, tinyModel, vitune, vituneHere, writeDataset } from './program.js';
import { readOutcomes } from '../../../src/trainer/models/outcomesFile.js';
import { resolveCheckpoint } from '../../../src/trainer/runs/runFolder.js';
import { compareOutcomes } from '../../../src/shared/outcomes.js';
import { temporaryFolder } from '../data/images.js';

const noSignals = process.platform === 'win32' && 'Windows ends a process instead';

test('interrupted in the second method, continued, and the table of both', { skip: noSignals }, async (t) => {
  const folder = await temporaryFolder(t);
  const [photos, output] = [join(folder, 'photos'), join(folder, 'ladder')];
  await writeDataset(photos, { ant: 8, bee: 8 });
  const args = ['compare', '--dataset', photos, '--methods', 'head,lora', '--output', output, '--json'];
  const settings = [`model=${tinyModel}`, 'device=cpu', 'batchSize=4', 'epochs=3'].flatMap((setting) => [
    '--set',
    setting,
  ]);
  let isAsked = false;
  const first = await vitune([...args, ...settings], {
    onLine: (line, child) => {
      const event = JSON.parse(line) as TrainEvent & { method: string };
      if (!isAsked && event.method === 'lora' && event.type === 'step') isAsked = child.kill('SIGINT');
    },
  });
  assert.equal(first.code, 130, first.stderr);
  assertPlain(first);
  const begun = JSON.parse(await readFile(join(output, 'compare.json'), 'utf8')) as Comparison;
  assert.deepEqual([begun.methods, begun.rows.map(({ method }) => method)], [['head', 'lora'], ['head']]);
  const headEvents = await eventsOf(join(output, 'head'));

  const second = await vitune([...args, ...settings]);
  assert.equal(second.code, 0, second.stderr);
  const lines = jsonLines<Comparison & { type: string }>(second.stdout);
  const comparison = lines.at(-1)!;
  assert.equal(comparison.type, 'comparison');
  assert.deepEqual(
    comparison.rows,
    (JSON.parse(await readFile(join(output, 'compare.json'), 'utf8')) as Comparison).rows,
  );
  assert.deepEqual(await eventsOf(join(output, 'head')), headEvents, 'what is done is not done again');
  const [head, lora] = comparison.rows;
  assert.deepEqual([head!.method, lora!.method], ['head', 'lora']);
  // 48 · 2 + 2, plus rank 8 on query and value of three blocks.
  assert.deepEqual([head!.trainableParameters, lora!.trainableParameters], [98, 98 + 3 * 2 * 2 * 8 * 48]);
  for (const row of comparison.rows) {
    assert.ok(row.peakMemoryBytes! > 2 ** 25 && row.seconds! > 0 && row.accuracy! >= 0 && row.accuracy! <= 1);
    assert.equal(row.split, 'validation');
    const events = await eventsOf(row.run);
    assert.equal(row.accuracy, (events.at(-1) as RecordedEvent & { type: 'finished' }).best.accuracy);
  }
  const started = (events: RecordedEvent[]) => events.filter(({ type }) => type === 'started').length;
  assert.deepEqual(
    [started(headEvents), started(await eventsOf(lora!.run))],
    [1, 2],
    'the interrupted one was resumed',
  );
  assert.match(
    await readFile(join(output, 'compare.md'), 'utf8'),
    /^\| lora \| 4,706 \| \d+ MiB \| \d+\.\d \| \d+\.\d MiB \| \d+\.\d % \| \d+\.\d % – \d+\.\d % \|( \d+\.\d % \|)*$/m,
  );

  const other = await vitune([...args, ...settings, '--set', 'seed=7']);
  assert.equal(other.code, 2);
  assert.match(other.stderr, /COMPARISON_TAKEN/);
});

test('more seeds are trained with on the same validation images, and what is done is kept', async (t) => {
  const folder = await temporaryFolder(t);
  const [photos, output] = [join(folder, 'photos'), join(folder, 'ladder')];
  await writeDataset(photos, { ant: 8, bee: 8 });
  const settings = [`model=${tinyModel}`, 'device=cpu', 'epochs=2', 'seed=5'].flatMap((each) => ['--set', each]);
  const args = ['compare', '--dataset', photos, '--methods', 'head', '--output', output, '--json', ...settings];
  const compare = async (...more: string[]): Promise<Comparison> => {
    const { code, stdout, stderr } = await vitune([...args, ...more]);
    assert.equal(code, 0, stderr);
    return jsonLines<Comparison>(stdout).at(-1)!;
  };
  assert.equal((await compare()).rows[0]!.seeds, undefined);
  const once = await eventsOf(join(output, 'head'));
  const { rows, seeds } = await compare('--seeds', '2');
  assert.equal(seeds, 2);
  const [row] = rows;
  assert.deepEqual(
    row!.seeds!.map(({ seed, run }) => [seed, run]),
    [
      [5, join(output, 'head')],
      [6, join(output, 'head-seed6')],
    ],
  );
  const [first, second] = row!.seeds!.map(({ accuracy }) => accuracy);
  assert.equal(row!.accuracy, (first! + second!) / 2);
  assert.ok(row!.interval![0] < row!.accuracy! && row!.accuracy! < row!.interval![1] && row!.bytes! > 0);
  assert.deepEqual(await eventsOf(join(output, 'head')), once, 'what is done is not done again');
  // Only outcomes of the same images and splits can be compared.
  const [ours, theirs] = await Promise.all(
    ['head', 'head-seed6'].map(async (run) => readOutcomes(await resolveCheckpoint(join(output, run)))),
  );
  assert.ok(compareOutcomes(ours!, theirs!));
  assert.match(await readFile(join(output, 'compare.md'), 'utf8'), /over seeds/);
});

test('a method that cannot be trained says why, and the others are', async (t) => {
  const folder = await temporaryFolder(t);
  const [photos, output] = [join(folder, 'photos'), join(folder, 'ladder')];
  await writeDataset(photos, { ant: 6, bee: 6 });
  // 28 is not a multiple of the patch size, so nothing can be trained.
  const { code, stdout } = await vitune([
    'compare',
    '--dataset',
    photos,
    '--methods',
    'head',
    '--output',
    output,
    '--set',
    `model=${tinyModel}`,
    '--set',
    'imageSize=28',
    '--json',
  ]);
  assert.equal(code, 2);
  const comparison = jsonLines<Comparison>(stdout).at(-1)!;
  assert.equal(comparison.rows[0]!.error!.code, 'IMAGE_SIZE_INVALID');
  assert.match(comparisonTable(comparison), /not a multiple of the patch size/);
});

test('the options that a comparison refuses', async (t) => {
  const folder = await temporaryFolder(t);
  const refused = async (...args: string[]): Promise<string> => {
    const ended = await vituneHere(['compare', '--dataset', folder, ...args]);
    assert.equal(ended.code, 2);
    return ended.stderr;
  };
  const unknown = await refused('--methods', 'head,magic');
  for (const name of ['magic', ...Object.keys(methodSchemas())]) assert.match(unknown, new RegExp(name));
  for (const setting of ['method=lora', 'method.rank=4', 'output=x', 'dataset.train=x'])
    assert.match(await refused('--set', setting), /sets this itself/);
  for (const text of ['{', '{"format":2}', 'null']) {
    await writeFile(join(folder, 'compare.json'), text);
    assert.match(await refused('--output', folder), /RUN_DAMAGED/);
  }
  assert.deepEqual(await readdir(folder), ['compare.json']);
});

test('the time is that of training and evaluating, over all processes', () => {
  const at = (time: number, event: object) => ({ seq: 0, time, ...event }) as RecordedEvent;
  const started = { type: 'started', trainableParameters: 3, totalParameters: 9 };
  const compiled = { type: 'progress', phase: 'compile', done: 1, total: 1 };
  const events = [
    at(0, started),
    at(1000, compiled),
    at(3000, { type: 'step' }),
    at(4000, { type: 'stopped' }),
    at(90_000, started),
    at(91_000, compiled),
    at(92_000, { type: 'evaluation', split: 'test', accuracy: 0.75 }),
    at(99_000, { type: 'finished', best: { step: 1, accuracy: 0.5 }, peakMemoryBytes: 7 }),
  ];
  assert.deepEqual(rowOf('head', 'r', events), {
    method: 'head',
    run: 'r',
    seconds: 6,
    trainableParameters: 3,
    totalParameters: 9,
    accuracy: 0.75,
    split: 'test',
    peakMemoryBytes: 7,
  });
});
