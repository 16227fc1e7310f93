/** Finding classes and splits in folders as people have them. */
import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { test } from 'node:test';
import { scanDataset } from '../../../src/trainer/data/scan.js';
import type { DatasetSpec, ScanOptions } from '../../../src/trainer/data/dataset.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { singleTask } from '../../../src/trainer/core/tasks.js';
import { encoded, temporaryFolder, writeTree } from './images.js';

const scan = (spec: DatasetSpec, options: Partial<ScanOptions> = {}) =>
  scanDataset(spec, { validationSplit: 0.5, seed: 1, ...options });
const codes = (problems: { code: string }[]) => problems.map(({ code }) => code).sort();
const rejectsWith = (promise: Promise<unknown>, code: string, file?: string) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.remedy.length > 0);
    if (file !== undefined) assert.equal(error.place.file, file);
    return true;
  });

test('a folder of class folders, with all that lies about in it', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, {
    'class 10/a.png': { seed: 1 },
    'class 10/b.png': { seed: 2 },
    'class 2/deep/er/c.PNG': { seed: 3 },
    'class 2/d.png': { seed: 4 },
    'class 2/.hidden.png': { seed: 5 },
    'class 2/Thumbs.db': 'junk',
    'class 2/notes.txt': 'text',
    'class 2/no ending': await encoded(8, 8, 6, 'jpeg'),
    'class 2/odd.ending': await encoded(8, 8, 7, 'webp'),
    'class 2/page': '<html></html>',
    'class 2/drawing.svg': '<svg></svg>',
    'class 2/phone.jxl': 'x',
    'class 2/empty.jpg': '',
    'nothing/readme.md': 'no image',
    '.git/x.png': { seed: 8 },
    '__MACOSX/class 2/x.png': { seed: 8 },
    'labels.csv': 'path,label',
    'README.md': 'about',
    'loose.png': { seed: 9 },
  });
  const dataset = await scan(root);
  assert.deepEqual(dataset.labels, ['class 2', 'class 10']);
  assert.equal(dataset.splitOrigin, 'seeded');
  const all = [...dataset.splits.train, ...dataset.splits.validation]
    .map(({ path, label }) => `${String(label)} ${basename(path)}`)
    .sort();
  assert.deepEqual(all, ['0 c.PNG', '0 d.png', '0 empty.jpg', '0 no ending', '0 odd.ending', '1 a.png', '1 b.png']);
  assert.deepEqual(codes(dataset.problems), [
    'CLASSES_NESTED',
    'CLASS_EMPTY',
    'IMAGES_OUTSIDE_CLASSES',
    'IMAGE_FORMAT_UNSUPPORTED',
    'IMAGE_FORMAT_UNSUPPORTED',
    'LABELS_NOT_READ',
  ]);
  const nested = dataset.problems.find(({ code }) => code === 'CLASSES_NESTED')!;
  assert.match(nested.message, /class 2.*class 2\/deep/);
  assert.match(dataset.problems.find(({ file }) => file?.endsWith('phone.jxl'))!.message, /JPEG XL/);
});

test('split folders in the spellings people use', async (t) => {
  for (const [train, validation, testing] of [
    ['train', 'val', 'test'],
    ['Train', 'VALID', 'TEST'],
    ['train', 'validation', undefined],
    ['Training', 'Validation', 'Testing'],
    ['TRAİN', 'DEV', 'TESTS'],
    ['train_set', 'val_set', 'test_set'],
    ['trainset', 'validset', 'testset'],
    ['train_images', 'val-images', 'test images'],
    ['seg_train', 'seg_val', 'seg_test'],
    ['1_train', '2_eval', '3_test'],
    ['train', 'val', 'eval'],
    ['train2017', 'val2017', 'test2017'],
  ] as const) {
    const root = await temporaryFolder(t);
    await writeTree(root, {
      [`${train}/a/1.png`]: { seed: 1 },
      [`${train}/a/2.png`]: { seed: 2 },
      [`${train}/b/1.png`]: { seed: 3 },
      [`${train}/b/2.png`]: { seed: 4 },
      [`${validation}/a/3.png`]: { seed: 5 },
      ...(testing ? { [`${testing}/b/4.png`]: { seed: 6 } } : {}),
      'extra/c/5.png': { seed: 7 },
    });
    const { splits, splitOrigin, problems, labels } = await scan(root);
    assert.deepEqual([splits.train.length, splits.validation.length, splits.test.length], [4, 1, testing ? 1 : 0]);
    assert.equal(splitOrigin, 'folders');
    assert.deepEqual(labels, ['a', 'b']);
    assert.deepEqual(codes(problems), ['FOLDER_BESIDE_SPLITS']);
  }
});

test('splits are unwrapped, may lie next to the classes they test, and are refused where two mean the same', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, {
    'wrapped/training_set/training_set/a/1.png': { seed: 1 },
    'wrapped/training_set/training_set/b/1.png': { seed: 2 },
    'wrapped/test_set/images/a/1.png': { seed: 3 },
    'beside/a/1.png': { seed: 1 },
    'beside/b/1.png': { seed: 2 },
    'beside/test/a/1.png': { seed: 3 },
    'twice/train/a/1.png': { seed: 1 },
    'twice/Training_Set/a/1.png': { seed: 1 },
  });
  for (const name of ['wrapped', 'beside']) {
    const { labels, splits, problems } = await scan(join(root, name));
    assert.deepEqual([labels, splits.test.length], [['a', 'b'], 1]);
    assert.deepEqual(codes(problems), ['CLASS_ONE_IMAGE', 'CLASS_ONE_IMAGE']);
  }
  await rejectsWith(scan(join(root, 'twice')), 'SPLIT_TWICE', join(root, 'twice'));
});

test('folders that all hold the same folders are not taken for classes', async (t) => {
  const root = await temporaryFolder(t);
  const of = (name: string, outer: string[], inner: string[]) =>
    writeTree(
      root,
      Object.fromEntries(
        outer.flatMap((a, i) => inner.map((b, j) => [`${name}/${a}/${b}/1.png`, { seed: 7 * i + j }] as const)),
      ),
    );
  await of('batches', ['fold 1', 'fold 2', 'fold 3'], ['cat', 'dog']);
  await of('unusual words', ['Lernen', 'Prüfen'], ['cat', 'dog', 'owl']);
  await of('below', ['train'], ['2019/cat', '2019/dog', '2020/cat', '2020/dog']);
  await of('turned', ['cat', 'dog'], ['train', 'val']);
  await of('boxes', ['images', 'masks'], ['.']);
  // One more class in one of them makes no difference.
  await writeTree(root, { 'batches/fold 2/bird/1.png': { seed: 99 } });
  const at = (name: string) => join(root, name);
  await rejectsWith(scan(at('batches')), 'CLASSES_ALIKE', at('batches'));
  await assert.rejects(scan(at('batches')), /fold 1, fold 2, fold 3.*cat, dog/);
  await rejectsWith(scan(at('unusual words')), 'CLASSES_ALIKE');
  await rejectsWith(scan(at('below')), 'CLASSES_ALIKE', join(at('below'), 'train'));
  await rejectsWith(scan(at('turned')), 'SPLITS_INSIDE_CLASSES', at('turned'));
  await rejectsWith(scan(at('boxes')), 'DATASET_ANNOTATED', at('boxes'));
  // Naming the folder of the classes states that they are classes.
  const given = await scan({ train: at('batches') });
  assert.deepEqual(given.labels, ['fold 1', 'fold 2', 'fold 3']);
  assert.ok(codes(given.problems).includes('CLASSES_NESTED'));
  await of('views', ['cup', 'pot'], ['photos']);
  assert.deepEqual((await scan(at('views'))).labels, ['cup', 'pot']);
});

test('a validation or test folder without labels is left out and reported', async (t) => {
  const root = await temporaryFolder(t);
  const train = { 'train/a/1.png': { seed: 1 }, 'train/a/2.png': { seed: 2 }, 'train/b/1.png': { seed: 3 } };
  for (const [name, more, codesOfProblems] of [
    ['flat', { 'val/a/4.png': { seed: 4 }, 'test/5.png': { seed: 5 } }, ['CLASS_ONE_IMAGE', 'SPLIT_UNLABELLED']],
    [
      'wrapped',
      { 'val/a/4.png': { seed: 4 }, 'test/test/5.png': { seed: 5 } },
      ['CLASS_ONE_IMAGE', 'SPLIT_UNLABELLED'],
    ],
    [
      'both',
      { 'val/4.png': { seed: 4 }, 'test/5.png': { seed: 5 } },
      ['CLASS_ONE_IMAGE', 'SPLIT_UNLABELLED', 'SPLIT_UNLABELLED'],
    ],
  ] as const) {
    await writeTree(join(root, name), { ...train, ...more });
    const { splits, splitOrigin, problems } = await scan(join(root, name));
    assert.equal(splits.test.length, 0);
    assert.equal(splits.train.length + splits.validation.length, name === 'both' ? 3 : 4);
    assert.equal(splitOrigin, name === 'both' ? 'seeded' : 'folders');
    assert.deepEqual(codes(problems), codesOfProblems);
  }
  await writeTree(root, { 'only/test/1.png': { seed: 1 } });
  const evaluation = { tasks: singleTask(['a', 'b']), validationSplit: 0 };
  await rejectsWith(scan(join(root, 'only'), evaluation), 'DATASET_FLAT', join(root, 'only', 'test'));
});

test('validation is drawn from training if there is no folder for it, or an empty one; test stays apart', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, {
    'train/a/1.png': { seed: 1 },
    'train/a/2.png': { seed: 2 },
    'train/b/1.png': { seed: 3 },
    'train/b/2.png': { seed: 4 },
    'test/a/9.png': { seed: 5 },
  });
  await mkdir(join(root, 'val'));
  const { splits, splitOrigin, problems } = await scan(root);
  assert.deepEqual(
    [splits.train.length, splits.validation.length, splits.test.length, splitOrigin],
    [2, 2, 1, 'seeded'],
  );
  assert.deepEqual(codes(problems), ['SPLIT_EMPTY']);
});

test('classes may be called like splits', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, {
    'bus/1.png': { seed: 1 },
    'bus/2.png': { seed: 2 },
    'train/1.png': { seed: 3 },
    'train/2.png': { seed: 4 },
  });
  const { labels, problems } = await scan(root);
  assert.deepEqual(labels, ['bus', 'train']);
  assert.deepEqual(codes(problems), ['CLASS_NAMED_LIKE_SPLIT']);
});

test('one folder for each split', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, {
    'x/a/1.png': { seed: 1 },
    'x/b/1.png': { seed: 2 },
    'y/a/1.png': { seed: 3 },
    'z/b/1.png': { seed: 4 },
  });
  const { splits, splitOrigin } = await scan({
    train: join(root, 'x'),
    validation: join(root, 'y'),
    test: join(root, 'z'),
  });
  assert.deepEqual([...splits.validation], [{ path: join(root, 'y', 'a', '1.png'), label: 0 }]);
  assert.deepEqual([...splits.test], [{ path: join(root, 'z', 'b', '1.png'), label: 1 }]);
  assert.equal(splitOrigin, 'folders');
});

test('the same class written with other Unicode characters is one class', async (t) => {
  const root = await temporaryFolder(t);
  const [composed, decomposed] = ['café'.normalize('NFC'), 'café'.normalize('NFD')];
  await writeTree(root, {
    [`train/${composed}/1.png`]: { seed: 1 },
    [`train/${decomposed}/2.png`]: { seed: 2 },
    'train/tea/1.png': { seed: 3 },
    'train/tea/2.png': { seed: 3 },
    [`val/${decomposed}/3.png`]: { seed: 4 },
  });
  const { labels, splits, problems } = await scan(root);
  assert.deepEqual(labels, [composed, 'tea']);
  assert.equal([...splits.train].filter(({ label }) => label === 0).length, 2);
  assert.equal(splits.validation.at(0).label, 0);
  // A file system that takes both names for one (as macOS does) has nothing to report.
  assert.ok(problems.every(({ code }) => code === 'CLASS_TWICE'));
});

test('links are followed, once, and a loop of them ends', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, {
    'a/1.png': { seed: 1 },
    'a/2.png': { seed: 2 },
    'elsewhere/b/1.png': { seed: 3 },
    'elsewhere/b/2.png': { seed: 4 },
    'set/x.txt': '',
  });
  try {
    await symlink(join(root, 'a'), join(root, 'set', 'a'), 'junction');
    await symlink(join(root, 'elsewhere', 'b'), join(root, 'set', 'b'), 'junction');
    await symlink(join(root, 'a'), join(root, 'a', 'loop'), 'junction');
    await symlink(join(root, 'gone.png'), join(root, 'a', 'gone.png'));
  } catch (error) {
    // Windows grants links of files to developers only.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return t.skip('links are not permitted here');
    throw error;
  }
  const { splits, problems, labels } = await scan(join(root, 'set'));
  assert.deepEqual(labels, ['a', 'b']);
  assert.equal(splits.train.length + splits.validation.length, 4);
  assert.deepEqual(codes(problems), ['IMAGE_UNREADABLE']);
});

test('a class with one image trains on it and is reported', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, { 'a/1.png': { seed: 1 }, 'b/1.png': { seed: 2 }, 'b/2.png': { seed: 3 } });
  const { splits, problems } = await scan(root);
  assert.equal([...splits.train].filter(({ label }) => label === 0).length, 1);
  assert.deepEqual(codes(problems), ['CLASS_ONE_IMAGE']);
});

test('folders that are not a dataset', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, {
    'file.txt': '',
    'flat/1.png': { seed: 1 },
    'one/a/1.png': { seed: 1 },
    'flat splits/train/1.png': { seed: 1 },
    'flat splits/val/1.png': { seed: 1 },
    'twice/train/a/1.png': { seed: 1 },
    'twice/val/a/1.png': { seed: 1 },
    'twice/valid/a/1.png': { seed: 1 },
    'no train/val/a/1.png': { seed: 1 },
    'no train/test/a/1.png': { seed: 1 },
    'new class/train/a/1.png': { seed: 1 },
    'new class/train/b/1.png': { seed: 1 },
    'new class/val/c/1.png': { seed: 1 },
    'phone/a/1.jxl': 'x',
    'phone/b/1.jxl': 'x',
  });
  await mkdir(join(root, 'empty'));
  const at = (name: string) => join(root, name);
  await rejectsWith(scan(at('missing')), 'DATASET_MISSING', at('missing'));
  await rejectsWith(scan(at('file.txt')), 'DATASET_NOT_FOLDER', at('file.txt'));
  await rejectsWith(scan(at('empty')), 'DATASET_EMPTY', at('empty'));
  await rejectsWith(scan(at('flat')), 'DATASET_FLAT', at('flat'));
  await rejectsWith(scan(at('flat splits')), 'DATASET_FLAT', join(at('flat splits'), 'train'));
  await rejectsWith(scan(at('one')), 'DATASET_ONE_CLASS', at('one'));
  await rejectsWith(scan(at('twice')), 'SPLIT_TWICE', at('twice'));
  await rejectsWith(scan(at('no train')), 'SPLIT_TRAIN_MISSING', at('no train'));
  await rejectsWith(scan(at('new class')), 'CLASS_UNKNOWN_TO_TRAINING', join(at('new class'), 'val'));
  await rejectsWith(scan(at('phone')), 'DATASET_EMPTY', at('phone'));
  await assert.rejects(scan(at('phone')), /2 images have formats that are not supported/);
});

test("a model's own classes: their order holds, others are refused, and a plain folder is there to be evaluated on", async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, { 'set/a/1.png': { seed: 1 }, 'set/b/1.png': { seed: 2 }, 'splits/val/b/1.png': { seed: 3 } });
  const { splits, labels } = await scan(join(root, 'set'), { tasks: singleTask(['b', 'x', 'a']), validationSplit: 0 });
  assert.deepEqual(labels, ['b', 'x', 'a']);
  assert.deepEqual(
    [...splits.test].map(({ path, label }) => [relative(root, path), label]),
    [
      [join('set', 'a', '1.png'), 2],
      [join('set', 'b', '1.png'), 0],
    ],
  );
  assert.equal(
    (await scan(join(root, 'splits'), { tasks: singleTask(['b']), validationSplit: 0 })).splits.validation.length,
    1,
  );
  await rejectsWith(scan(join(root, 'set'), { tasks: singleTask(['a', 'c']) }), 'CLASS_UNKNOWN_TO_MODEL');
});

test('a scan can be cancelled', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, { 'a/1.png': { seed: 1 }, 'b/1.png': { seed: 2 } });
  await assert.rejects(scan(root, { signal: AbortSignal.abort() }), { name: 'AbortError' });
});
