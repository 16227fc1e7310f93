/** What a look over a dataset finds. */
import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { inspectDataset } from '../../../src/trainer/data/inspect.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { encoded, temporaryFolder, writeTree } from './images.js';

const big = (seed: number) => ({ seed, width: 48, height: 40 });
const found = (problems: { code: string; file?: string }[]) =>
  problems.map(({ code, file }) => `${code} ${file ? basename(file) : ''}`).sort();

test('a sound dataset has counts and no problem', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(
    root,
    Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${i % 2 ? 'b' : 'a'}/${String(i)}.png`, big(i)])),
  );
  const progress: number[] = [];
  const inspection = await inspectDataset(root, { onProgress: (done) => progress.push(done) });
  assert.deepEqual(inspection, {
    root,
    labels: ['a', 'b'],
    splits: 'seeded',
    folders: { train: root },
    problems: [],
    counts: [
      { label: 'a', train: 8, validation: 2, test: 0 },
      { label: 'b', train: 8, validation: 2, test: 0 },
    ],
  });
  assert.equal(progress.at(-1), 20);
});

const oneFolder =
  process.platform === 'win32' && 'Few and few are one folder; test/windows has names that differ in case';
test('every kind of problem is found, with a remedy', { skip: oneFolder }, async (t) => {
  const root = await temporaryFolder(t);
  const jpeg = await encoded(48, 40, 500, 'jpeg');
  await writeTree(root, {
    ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`train/many/${String(i)}.png`, big(i)])),
    'train/few/1.png': big(100),
    'train/few/2.png': big(101),
    'train/Few/1.png': big(102),
    'train/Few/2.png': big(103),
    'train/one/single.png': big(104),
    'train/lost/broken.png': 'no image',
    'train/few/unreadable.gif': '',
    'train/few/phone.jxl': 'x',
    'train/few/both.png': big(5),
    'val/many/leak.png': big(6),
    'val/many/fresh.png': big(200),
    'train/many/tiny.png': { seed: 300, width: 20, height: 90 },
    'train/many/really a jpeg.png': jpeg,
  });
  const { problems, counts, splits, labels } = await inspectDataset(root);
  assert.equal(splits, 'folders');
  assert.deepEqual(labels, ['Few', 'few', 'lost', 'many', 'one']);
  assert.deepEqual(counts, [
    { label: 'Few', train: 2, validation: 0, test: 0 },
    { label: 'few', train: 3, validation: 0, test: 0 },
    { label: 'lost', train: 0, validation: 0, test: 0 },
    { label: 'many', train: 32, validation: 2, test: 0 },
    { label: 'one', train: 1, validation: 0, test: 0 },
  ]);
  const set = basename(root);
  assert.deepEqual(
    found(problems),
    [
      `CLASSES_DIFFER_IN_CASE ${set}`,
      `CLASS_LOST ${set}`,
      'CLASS_ONE_IMAGE broken.png',
      'CLASS_ONE_IMAGE single.png',
      'DUPLICATE_ACROSS_CLASSES 5.png',
      'DUPLICATE_ACROSS_SPLITS leak.png',
      'IMAGE_ENDING_WRONG really a jpeg.png',
      'IMAGE_FORMAT_UNSUPPORTED phone.jxl',
      'IMAGE_TINY tiny.png',
      'IMAGE_UNREADABLE broken.png',
      'IMAGE_UNREADABLE unreadable.gif',
    ].sort(),
  );
  for (const { message, remedy } of problems) assert.ok(message.length > 10 && remedy.length > 10);
});

test('strong imbalance is reported once, with both classes', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, {
    ...Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`many/${String(i)}.png`, big(i)])),
    'few/1.png': big(100),
    'few/2.png': big(101),
    'few/3.png': big(102),
    'few/4.png': big(103),
  });
  const sound = await inspectDataset(root);
  assert.deepEqual(found(sound.problems), []);
  const { problems } = await inspectDataset(root, { validationSplit: 0.5 });
  assert.deepEqual(found(problems), []);
  await writeTree(
    root,
    Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`many/more ${String(i)}.png`, big(200 + i)])),
  );
  const strong = await inspectDataset(root);
  assert.deepEqual(
    strong.problems.map(({ code }) => code),
    ['CLASSES_IMBALANCED'],
  );
  assert.match(strong.problems[0]!.message, /many has 40 training images, few has 3/);
});

test('blank images are found; faint ones and small objects are not reported', async (t) => {
  const root = await temporaryFolder(t);
  const image = (of: (x: number, y: number) => number) =>
    sharp(Buffer.from(Array.from({ length: 200 * 160 }, (_, i) => of(i % 200, Math.floor(i / 200)))), {
      raw: { width: 200, height: 160, channels: 1 },
    })
      .png()
      .toBuffer();
  await writeTree(root, {
    'a/black.png': await image(() => 0),
    'a/grey.png': await image(() => 90),
    'a/dark.png': await image((x) => x % 15),
    'a/bright.png': await image((x) => 255 - (x % 15)),
    'a/chequered.png': await image((x, y) => 255 * ((x + y) % 2)),
    'a/speck.png': await image((x, y) => (x > 100 && x < 106 && y > 60 && y < 66 ? 255 : 0)),
    'b/faint.png': await image((x) => 100 + Math.floor(x / 50)),
    'b/night.png': await image((x) => x % 40),
  });
  const { problems } = await inspectDataset(root);
  assert.deepEqual(found(problems), [
    'IMAGE_CONSTANT black.png',
    'IMAGE_CONSTANT grey.png',
    'IMAGE_NEARLY_BLACK dark.png',
    'IMAGE_NEARLY_WHITE bright.png',
  ]);
});

test('a folder that is not a dataset is an error; an inspection can be cancelled', async (t) => {
  const root = await temporaryFolder(t);
  await assert.rejects(
    inspectDataset(join(root, 'missing')),
    (error) => error instanceof UserError && error.code === 'DATASET_MISSING',
  );
  await writeTree(root, { 'a/1.png': big(1), 'b/1.png': big(2) });
  await assert.rejects(inspectDataset(root, { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('many duplicates between the same two classes or splits are one problem', async (t) => {
  const root = await temporaryFolder(t);
  const names = Array.from({ length: 12 }, (_, i) => String(i));
  await writeTree(root, {
    ...Object.fromEntries(names.map((name, i) => [`train/a/${name}.png`, big(i)])),
    ...Object.fromEntries(names.map((name, i) => [`train/b/${name}.png`, big(i)])),
    ...Object.fromEntries(names.map((name, i) => [`val/a/${name}.png`, big(i)])),
    'train/c/0.png': big(0),
    'train/c/own.png': big(50),
  });
  const { problems } = await inspectDataset(root);
  assert.deepEqual(found(problems), [
    'DUPLICATES_ACROSS_CLASSES 0.png',
    'DUPLICATES_ACROSS_SPLITS 0.png',
    'DUPLICATE_ACROSS_CLASSES 0.png',
  ]);
  assert.match(problems.find(({ code }) => code === 'DUPLICATES_ACROSS_CLASSES')!.message, /^12 images of the class b/);
});
