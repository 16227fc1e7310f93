/** `vitune changes` and `vitune train --again`: a dataset is corrected, and the run trained again on the same images. */
import assert from 'node:assert/strict';
import { appendFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readImageList } from '../../../src/trainer/data/datasetList.js';
import type { CommandOutputs, Diff } from '../../../src/trainer/protocol.js';
import { temporaryFolder } from '../data/images.js';
import {
  assertPlain,
  eventsOf,
  jsonLines,
  tinyModel,
  vituneHere as vitune,
  writeConfig,
  writeDataset,
} from './program.js';

type Changes = CommandOutputs['changes'];

async function changesOf(...args: string[]): Promise<Partial<Changes>> {
  const { code, stdout, stderr } = await vitune(['changes', ...args, '--json']);
  assert.equal(code, 0, stderr);
  const { type, run: _, later: _1, ...counts } = jsonLines<Changes>(stdout).at(-1)!;
  assert.equal(type, 'changes');
  return counts;
}

/** Paths by split, as the run was started on them. */
async function splitsOf(run: string): Promise<Record<string, string[]>> {
  const list = await readImageList(join(run, 'dataset.images'));
  const split = list.choice('split')!;
  const parts: Record<string, string[]> = {};
  for (let row = 0; row < list.length; row++)
    (parts[split.values[split.data[row]! - 1]!] ??= []).push(list.pathAt(row));
  return parts;
}

async function trained(folder: string, config: object = {}, expected = 0): Promise<string> {
  const file = await writeConfig(folder, { method: 'head', epochs: 2, learningRate: 0.05, ...config });
  const { code, stderr } = await vitune(['train', file]);
  assert.equal(code, expected, stderr);
  return join(folder, 'runs', 'run');
}

async function again(run: string, from: string, ...more: string[]): Promise<string> {
  const { code, stdout, stderr } = await vitune(['train', run, '--again', from, '--json', ...more]);
  assert.equal(code, 0, stderr);
  const started = jsonLines<CommandOutputs['train']>(stdout).find(({ type }) => type === 'started');
  return started?.type === 'started' ? started.run : '';
}

const none = { added: 0, removed: 0, relabelled: 0, resplit: 0, edited: 0 };

async function folders(t: TestContext) {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 10, green: 10, blue: 10 });
  return { folder, at: (...names: string[]) => join(folder, 'photos', ...names) };
}

test('class folders: what changed is counted and listed; the validation images stay those of the run', async (t) => {
  const { folder, at } = await folders(t);
  const run = await trained(folder);
  assert.deepEqual(await changesOf(run), { images: 30, ...none });
  const before = await splitsOf(run);
  assert.deepEqual([before.train!.length, before.validation!.length], [24, 6]);

  // A validation image is corrected under another name, a training image under its own; one is removed, one is new, one
  // is drawn anew. Two with the same content stay two.
  const [first, second] = before.validation!;
  const trainedOn = before.train!.filter((place) => place.startsWith('green/'));
  await rename(at(first!), at('red', 'called otherwise.png'));
  await rename(at(trainedOn[0]!), at('red', 'corrected.png'));
  await rm(at(trainedOn[1]!));
  await cp(at(trainedOn[2]!), at('blue', 'copy.png'));
  await appendFile(at(trainedOn[3]!), 'edited');
  const wasRed = first!.startsWith('red/') ? 0 : 1;
  const counts = { images: 30, added: 1, removed: 1, relabelled: 1 + wasRed, resplit: 0, edited: 1 };
  const list = join(folder, 'changed.images');
  assert.deepEqual(await changesOf(run, '--list', list), counts);
  const changed = await readImageList(list);
  const word = (id: string, row: number) => changed.choice(id)!.values[changed.choice(id)!.data[row]! - 1];
  const said = Array.from({ length: changed.length }, (_, row) =>
    [
      relative(at(), changed.pathAt(row)).replaceAll(sep, '/'),
      word('edit', row),
      word('labelBefore', row),
      word('label', row),
    ].join(' | '),
  );
  assert.ok(said.includes('red/corrected.png | relabelled | green | red'), said.join('\n'));
  assert.ok(said.includes(`${trainedOn[1]} | removed | green | `), said.join('\n'));
  assert.ok(said.includes('blue/copy.png | added |  | blue'), said.join('\n'));
  assert.ok(said.includes(`${trainedOn[3]} | edited |  | green`), said.join('\n'));

  const next = await again(run, 'scratch');
  assert.equal(next, `${run}-2`);
  const after = await splitsOf(next);
  const expected = ['red/called otherwise.png', ...before.validation!.slice(1)];
  assert.deepEqual(after.validation!.toSorted(), expected.toSorted());
  assert.ok(after.train!.includes('blue/copy.png') && after.validation!.includes(second!));
  assert.deepEqual(await changesOf(next), { images: 30, ...none });
  assert.deepEqual(await changesOf(run, next), counts);
  const about = JSON.parse(await readFile(join(next, 'run.json'), 'utf8')) as { again: object; config: string };
  assert.deepEqual([about.again, about.config], [{ run, from: 'scratch' }, join(folder, 'run.vitune.json')]);

  // Both are asked about the images that neither was trained on, by their labels as they are now.
  const diffed = await vitune(['diff', run, next, '--split', 'validation', '--json']);
  const whole = jsonLines<{ type: string } & Diff>(diffed.stdout).at(-1)!;
  assert.deepEqual([whole.images, whole.coverage.was.validation, whole.coverage.was.split], [6, 6, 'known']);
  const { was, is } = whole.figures;
  assert.deepEqual(
    [was, is].map(({ perClass }) => perClass.reduce((sum, { support }) => sum + support, 0)),
    [6, 6],
  );
  assert.ok(Math.abs(is.accuracy - was.accuracy - whole.test.difference) < 1e-9 && is.interval[0] <= is.accuracy);
  // A third run keeps them too.
  assert.deepEqual((await splitsOf(await again(next, 'scratch'))).validation!.toSorted(), expected.toSorted());
});

test('from the best checkpoint: training begins where the earlier run was best', async (t) => {
  const { folder, at } = await folders(t);
  const run = await trained(folder, { method: 'lora', epochs: 3, learningRate: 0.01 });
  const losses = async (of: string) =>
    (await eventsOf(of)).flatMap((e) => (e.type === 'evaluation' && e.split === 'validation' ? [e.loss] : []));
  const best = (await eventsOf(run)).findLast((e) => e.type === 'checkpoint' && e.best)!;
  const evaluated = (await eventsOf(run)).find(
    (e) => e.type === 'evaluation' && best.type === 'checkpoint' && e.step === best.step,
  );
  assert.ok(evaluated?.type === 'evaluation');
  // Steps too small to change anything: it is evaluated where it began.
  const still = ['--set', 'epochs=1', '--set', 'learningRate=1e-12'];
  const near = (a: number, b: number) => Math.abs(a - b) < 1e-5;
  assert.ok(near((await losses(await again(run, 'best', ...still)))[0]!, evaluated.loss));
  assert.ok(!near((await losses(await again(run, 'scratch', ...still)))[0]!, evaluated.loss));
  // Other classes, other weights.
  await mkdir(at('violet'));
  for (const i of [0, 1, 2]) await rename(at('red', `red ${i}.png`), at('violet', `red ${i}.png`));
  const refused = await vitune(['train', run, '--again', 'best', '--json']);
  assert.equal(refused.code, 2);
  assert.match(refused.stdout, /RUN_CLASSES_CHANGED/);
  const fresh = await again(run, 'scratch');
  assert.ok((await splitsOf(fresh)).train!.includes('violet/red 0.png') || (await splitsOf(fresh)).validation);
});

test('a label file: cells are corrected, and the drawn validation images stay', async (t) => {
  const { folder, at } = await folders(t);
  const names = Array.from({ length: 10 }, (_, i) =>
    ['red', 'green'].map((label) => `${label}/${label} ${i}.png`),
  ).flat();
  await mkdir(join(folder, 'listed'));
  for (const name of names) await cp(at(name), join(folder, 'listed', name.replace('/', ' ')));
  const file = join(folder, 'listed', 'labels.csv');
  const write = (flipped: (i: number) => boolean) => {
    const row = (name: string, i: number) => {
      const label = dirname(name);
      return `${name.replace('/', ' ')},${flipped(i) ? (label === 'red' ? 'green' : 'red') : label}`;
    };
    return writeFile(file, ['image,label', ...names.map(row)].join('\n'));
  };
  await write((i) => i < 4);
  const run = await trained(folder, { dataset: 'listed' });
  await write(() => false);
  assert.deepEqual(await changesOf(run), { images: 20, ...none, relabelled: 4 });
  const next = await again(run, 'scratch');
  assert.deepEqual(
    await splitsOf(next).then((s) => s.validation!.toSorted()),
    (await splitsOf(run)).validation!.toSorted(),
  );
});

test('a run that trains again is resumed with its own settings and validation images', async (t) => {
  const { folder, at } = await folders(t);
  const run = await trained(folder);
  await rename(at('red', 'red 0.png'), at('green', 'red 0.png'));
  const next = await again(run, 'scratch', '--set', 'maxSteps=3');
  const kept = await splitsOf(next);
  // As a trainer leaves it that was stopped; the config says something else by now.
  const events = (await readFile(join(next, 'events.jsonl'), 'utf8')).split('\n');
  const cut = events.findIndex((line) => line.includes('"type":"finished"'));
  await writeFile(join(next, 'events.jsonl'), `${events.slice(0, cut).join('\n')}\n`);
  await writeConfig(folder, { method: 'full', output: next });
  const resumed = await vitune(['train', join(folder, 'run.vitune.json'), '--resume', '--json']);
  assert.equal(resumed.code, 0, resumed.stderr);
  const started = jsonLines<CommandOutputs['train']>(resumed.stdout).find(({ type }) => type === 'started');
  assert.ok(started?.type === 'started' && started.method === 'head' && started.steps === 3);
  assert.deepEqual(await splitsOf(next), kept);
});

test('what cannot be: words and a remedy', async (t) => {
  const { folder } = await folders(t);
  const run = await trained(folder);
  const solved = join(folder, 'solved.vitune.json');
  const method = { type: 'head', solver: 'ridge' };
  await writeFile(solved, JSON.stringify({ model: tinyModel, dataset: 'photos', device: 'cpu', method }));
  assert.equal((await vitune(['train', solved])).code, 0);
  const cases: [args: string[], code: string][] = [
    [['changes', folder], 'NOT_A_RUN'],
    [['train', folder, '--again', 'scratch'], 'NOT_A_RUN'],
    [['train', run, '--again', 'scratch', '--resume'], 'USAGE'],
    [['train', join(folder, 'runs', 'solved'), '--again', 'best'], 'RUN_TAKES_NO_STEPS'],
  ];
  for (const [args, code] of cases) {
    const ended = await vitune([...args, '--json']);
    assert.equal(ended.code, 2, args.join(' '));
    assert.equal(jsonLines<{ code: string }>(ended.stdout).at(-1)!.code, code);
    assertPlain(ended);
  }
  // Nothing is left of a start that failed.
  assert.deepEqual((await vitune(['changes', `${run}-2`])).code, 2);
  await writeFile(join(run, 'dataset.images'), 'torn');
  assert.match((await vitune(['changes', run])).stderr, /RUN_DAMAGED/);
  await rm(join(run, 'dataset.images'));
  assert.match((await vitune(['changes', run])).stderr, /RUN_VERSION_MISSING/);
});
