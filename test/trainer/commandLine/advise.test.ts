/** `vitune advise` from files to advice, and what it refuses by name. */
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CommandOutputs } from '../../../src/trainer/protocol.js';
import { temporaryFolder, writeTree } from '../data/images.js';
import { assertPlain, jsonLines, tinyModel, vitune, writeConfig, writeDataset } from './program.js';

/** What a trial has left there; the runtimes leave files of their own. */
const leftIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => /^vitune-(estimate|advice)/.test(name));

type Line = CommandOutputs['advise'];

test('it measures each model, advises one, and leaves nothing behind', async (t) => {
  const folder = await temporaryFolder(t);
  const [root, temporary] = [join(folder, 'photos'), join(folder, 'temporary')];
  await mkdir(temporary);
  await writeDataset(root, { red: 15, green: 15 });
  await writeTree(root, { 'red/broken.png': 'no image' });
  const env = { VITUNE_CACHE: join(folder, 'cache'), TMPDIR: temporary };
  const models = ['--model', tinyModel, '--model', 'embedded'];
  const { code, stdout, stderr } = await vitune(['advise', root, ...models, '--json'], { env });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /IMAGE_UNREADABLE[\s\S]*broken\.png/);
  const lines = jsonLines<Line>(stdout);
  const measurements = lines.flatMap((line) => (line.type === 'measurement' ? [line] : []));
  assert.deepEqual(
    measurements.map(({ model, images, ofImages, classes, imagesPerClass }) => [
      model,
      images,
      ofImages,
      classes,
      imagesPerClass,
    ]),
    [tinyModel, 'embedded'].map((model) => [model, 30, 31, 2, 16]),
  );
  for (const { accuracy, interval, familiarity, curve } of measurements) {
    assert.ok(interval[0] <= accuracy && accuracy <= interval[1]);
    assert.ok(familiarity >= 0 && familiarity <= 1);
    assert.equal(curve.length, 4);
  }
  const advice = lines.at(-1)!;
  assert.ok(advice.type === 'advice');
  assert.deepEqual(Object.keys(advice), [
    'type',
    'model',
    'method',
    'settings',
    'expectedAccuracy',
    'interval',
    'seconds',
    'memoryBytes',
    'reasons',
  ]);
  assert.equal(advice.method, 'head');
  assert.deepEqual(advice.settings, { epochs: 10 });
  assert.ok(advice.seconds! > 0 && advice.memoryBytes! > 0 && advice.reasons.length >= 4);
  const best = Math.max(...measurements.map(({ accuracy }) => accuracy));
  assert.ok(advice.expectedAccuracy >= best - 0.01);
  assert.deepEqual(await leftIn(temporary), []);

  const text = await vitune(['advise', root], { env });
  assert.match(text.stdout, /Advice: model embedded, method head, epochs 10\nExpected accuracy: \d/);
  assert.match(text.stdout, /The model knows such images well/);
});

test('a config is advised on as a folder is', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 8, green: 8 });
  const config = await writeConfig(folder, { method: 'lora', learningRate: 1e-4 });
  const { code, stdout, stderr } = await vitune(['advise', config, '--model', tinyModel, '--json']);
  assert.equal(code, 0, stderr);
  const advice = jsonLines<Line>(stdout).at(-1)!;
  assert.ok(advice.type === 'advice' && advice.model === tinyModel);
});

test('what cannot be advised on is refused by name', async (t) => {
  const folder = await temporaryFolder(t);
  const root = join(folder, 'photos');
  const refused = async (subject: string, error: RegExp, ...more: string[]) => {
    const ended = await vitune(['advise', subject, ...more, '--json']);
    assert.equal(ended.code, 2, ended.stdout);
    assert.match(ended.stderr, error);
    assert.match(ended.stderr, /Remedy/);
    assert.equal(jsonLines(ended.stdout).at(-1)!.type, 'error');
    assertPlain(ended);
  };
  await refused(join(folder, 'nowhere'), /DATASET_MISSING/);
  await mkdir(root);
  await refused(root, /DATASET_EMPTY/);
  await writeTree(root, { 'a.png': { seed: 1 }, 'b.png': { seed: 2 } });
  await refused(root, /DATASET_FLAT/);
  const one = join(folder, 'one');
  await writeDataset(one, { red: 9 });
  await refused(one, /DATASET_ONE_CLASS/);
  const few = join(folder, 'few');
  await writeDataset(few, { red: 4, green: 4 });
  await refused(few, /ADVICE_TOO_FEW_IMAGES: 8 /);
  const broken = join(folder, 'broken');
  await writeTree(broken, { 'a/1.png': 'no', 'a/2.png': 'no', 'b/1.png': 'no', 'b/2.png': 'no' });
  await refused(broken, /NO_READABLE_IMAGES|ADVICE_TOO_FEW|DATASET_/);

  const several = join(folder, 'several');
  const names = [...'abcdefghijkl'];
  await writeTree(several, Object.fromEntries(names.map((name, seed) => [`${name}.png`, { seed }])));
  const table = (row: (i: number) => string) => names.map((name, i) => `${name}.png,${row(i)}`);
  await writeFile(
    join(several, 'labels.csv'),
    ['image,kind,number', ...table((i) => `k${i % 2},n${i % 3}`)].join('\n'),
  );
  const tasks = await writeConfig(folder, { dataset: { folder: 'several', columns: ['kind', 'number'] } });
  await refused(tasks, /ADVICE_NEEDS_ONE_LABEL: .*several tasks: .*kind.*number/);
  await refused(root, /DATASET_FLAT|MODEL_/, '--model', join(folder, 'no model'));
});

test('a fine-tuned model is refused: it has seen the labels', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 8, green: 8 });
  const config = await writeConfig(folder, { method: 'head', output: 'run', epochs: 1 });
  assert.equal((await vitune(['train', config])).code, 0);
  const { code, stderr } = await vitune(['advise', join(folder, 'photos'), '--model', join(folder, 'run')]);
  assert.equal(code, 2);
  assert.match(stderr, /ADVICE_NEEDS_BASE/);
});
