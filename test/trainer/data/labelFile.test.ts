/** Datasets with a label file, as people and spreadsheet programs write them, and as nobody should. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { LabelFileSpec } from '../../../src/trainer/data/dataset.js';
import { targetsOf } from '../../../src/trainer/data/sample.js';
import { scanDataset } from '../../../src/trainer/data/scan.js';
import type { DatasetSpec, ScanOptions } from '../../../src/trainer/data/dataset.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { singleTask } from '../../../src/trainer/core/tasks.js';
import { temporaryFolder, writeTree } from './images.js';

const options: ScanOptions = { validationSplit: 0.5, seed: 1 };

/** A folder with the images 0.png, 1.png, … and the label file. */
async function folderOf(t: TestContext, labels: string | Uint8Array, images = 4): Promise<string> {
  const root = join(await temporaryFolder(t), 'set');
  await writeTree(root, Object.fromEntries(Array.from({ length: images }, (_, i) => [`${i}.png`, { seed: i }])));
  await writeFile(join(root, 'labels.csv'), labels);
  return root;
}

async function scan(
  t: TestContext,
  labels: string | Uint8Array,
  spec: Omit<LabelFileSpec, 'folder'> = {},
  images = 4,
  more: Partial<ScanOptions> = {},
) {
  return scanDataset({ folder: await folderOf(t, labels, images), ...spec }, { ...options, ...more });
}

const rejectsWith = (promise: Promise<unknown>, code: string, place: { line?: number } = {}, remedy = '') =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof UserError, (error as Error).stack);
    assert.equal(error.code, code, error.message);
    assert.equal(error.place.line, place.line);
    assert.ok(error.place.file && error.remedy.includes(remedy), error.remedy);
    return true;
  });

/** Name of the image and words of its labels, in order. */
const answersOf = ({ tasks, splits }: Awaited<ReturnType<typeof scanDataset>>) => {
  const names = tasks.flatMap(({ labels }) => labels);
  return [...splits.train, ...splits.validation, ...splits.test]
    .map(
      (sample) =>
        `${basename(sample.path)} ${targetsOf(sample)
          .map((mark) => names[mark]!)
          .join('+')}`,
    )
    .sort();
};

const simple = 'image,label\n0.png,cat\n1.png,dog\n2.png,cat\n3.png,dog\n';

test('the simplest case: images with a labels.csv next to them', async (t) => {
  const root = await folderOf(t, simple);
  for (const spec of [
    root,
    join(root, 'labels.csv'),
    { folder: root },
    { folder: root, columns: ['label'] },
  ] satisfies DatasetSpec[]) {
    const dataset = await scanDataset(spec, options);
    assert.deepEqual(dataset.tasks, singleTask(['cat', 'dog']));
    assert.deepEqual(answersOf(dataset), ['0.png cat', '1.png dog', '2.png cat', '3.png dog']);
    assert.deepEqual(
      [dataset.splits.train.length, dataset.splits.validation.length, dataset.splitOrigin],
      [2, 2, 'seeded'],
    );
    assert.deepEqual(dataset.problems, []);
  }
});

test('a labels.csv next to class folders changes nothing unless it is requested', async (t) => {
  const root = await temporaryFolder(t);
  const names = ['a/0.png', 'a/1.png', 'b/2.png', 'b/3.png'];
  await writeTree(root, Object.fromEntries(names.map((name, i) => [name, { seed: i }])));
  await writeFile(
    join(root, 'labels.csv'),
    `file,colour\n${names.map((name, i) => `${name},${i % 2 ? 'red' : 'blue'}`).join('\n')}\n`,
  );
  assert.deepEqual((await scanDataset(root, options)).labels, ['a', 'b']);
  assert.deepEqual((await scanDataset({ folder: root, columns: ['colour'] }, options)).tasks, [
    { name: 'colour', labels: ['blue', 'red'], multiLabel: false },
  ]);
  // A model that learnt the column is evaluated on the column.
  const evaluated = await scanDataset(root, {
    validationSplit: 0,
    seed: 0,
    tasks: [{ name: 'colour', labels: ['red', 'blue', 'green'], multiLabel: false }],
  });
  assert.deepEqual([evaluated.splits.test.length, evaluated.labels], [4, ['red', 'blue', 'green']]);
  await rejectsWith(
    scanDataset(root, { ...options, tasks: [{ name: 'colour', labels: ['red', 'green'], multiLabel: false }] }),
    'CLASS_UNKNOWN_TO_MODEL',
    {
      line: 2,
    },
  );
});

test('several columns are several tasks; an empty cell gives no target for its task', async (t) => {
  const dataset = await scan(
    t,
    'file,kind,size\n0.png,cat,10\n1.png,dog,9\n2.png,,10\n3.png,cat,\n',
    { columns: ['kind', 'size'] },
    4,
    {
      validationSplit: 0.3,
    },
  );
  assert.deepEqual(dataset.tasks, [
    { name: 'kind', labels: ['cat', 'dog'], multiLabel: false },
    { name: 'size', labels: ['9', '10'], multiLabel: false },
  ]);
  assert.deepEqual(answersOf(dataset), ['0.png cat+10', '1.png dog+9', '2.png 10', '3.png cat']);
  assert.equal(
    [...dataset.splits.train, ...dataset.splits.validation].find(({ path }) => path.endsWith('2.png'))!.label,
    -1,
  );
});

test('several labels an image: separated in one column, or columns of 0 and 1', async (t) => {
  const separated = await scan(t, 'file,tags\n0.png,red; round\n1.png,round|red|round\n2.png,\n3.png,flat;\n', {
    multiLabel: 'tags',
  });
  assert.deepEqual(separated.tasks, [{ name: 'tags', labels: ['flat', 'red', 'round'], multiLabel: true }]);
  assert.deepEqual(answersOf(separated), ['0.png red+round', '1.png red+round', '2.png ', '3.png flat']);
  const flags = await scan(t, 'file,round,red,flat\n0.png,1,1,0\n1.png,true,Yes,no\n2.png,,0,\n3.png,0,FALSE,1\n', {
    multiLabel: ['red', 'flat'],
  });
  assert.deepEqual(flags.tasks, [{ name: 'labels', labels: ['red', 'flat'], multiLabel: true }]);
  assert.deepEqual(answersOf(flags), ['0.png red', '1.png red', '2.png ', '3.png flat']);
  const mixed = await scan(t, 'file,tags,kind\n0.png,red,a\n1.png,red,b\n2.png,,a\n3.png,flat,b\n', {
    columns: ['kind'],
    multiLabel: 'tags',
  });
  assert.deepEqual(
    mixed.tasks.map(({ name, multiLabel }) => [name, multiLabel]),
    [
      ['kind', false],
      ['tags', true],
    ],
  );
  assert.deepEqual(answersOf(mixed)[0], '0.png a+red');
});

test('a column of splits is taken when it holds splits', async (t) => {
  const dataset = await scan(t, 'file,label,split\n0.png,a,Train\n1.png,b,train\n2.png,a,val\n3.png,b,TEST\n');
  assert.deepEqual(
    [dataset.splits.train.length, dataset.splits.validation.length, dataset.splits.test.length, dataset.splitOrigin],
    [2, 1, 1, 'folders'],
  );
  const other = 'file,label,split,part\n0.png,a,dev,train\n1.png,b,dev,train\n2.png,a,dev,valid\n3.png,b,dev,test\n';
  const ignored = await scan(t, other);
  assert.equal(ignored.splitOrigin, 'seeded');
  assert.deepEqual(
    ignored.problems.map(({ code }) => code),
    ['LABELS_SPLIT_IGNORED', 'LABELS_SPLIT_UNUSED'],
  );
  assert.deepEqual(
    ignored.columns!.map(({ name, use, values, empty }) => [name, use, values, empty]),
    [
      ['file', 'image', 4, 0],
      ['label', 'label', 2, 0],
      ['split', 'unused', 1, 0],
      ['part', 'unused', 3, 0],
    ],
  );
  assert.equal((await scan(t, other, { split: 'part' })).splits.test.length, 1);
  await rejectsWith(scan(t, other, { split: 'split' }), 'LABELS_NO_PICTURES');
  await rejectsWith(
    scan(t, 'file,label,split\n0.png,a,train\n1.png,b,train\n2.png,c,val\n'),
    'CLASS_UNKNOWN_TO_TRAINING',
    { line: 4 },
  );
});

test('as spreadsheet programs write it: byte-order mark, UTF-16, CRLF, semicolons, tabs, quotes, empty lines', async (t) => {
  const tricky =
    '\ufeffimage;label\r\n"0.png";"a ""big"" cat; grey"\r\n1.png; ünï 漢 \r\n\r\n"2.png";"two\r\nlines"\r\n3.png;ünï 漢\r\n';
  for (const text of [
    tricky,
    tricky.replaceAll(/(?<=^|\r\n"?\d\.png"?|image);/g, '\t'),
    Buffer.from(tricky, 'utf16le'),
    Buffer.from(tricky, 'utf16le').swap16(),
    Buffer.from(tricky.slice(1), 'utf16le'),
    Buffer.from(tricky.slice(1), 'utf16le').swap16(),
    `sep=;\r\n${tricky.slice(1)}`,
    `\ufeff"sep=;"\n${tricky.slice(1)}`,
  ]) {
    const { labels } = await scan(t, text, {}, 4, { validationSplit: 0.3 });
    assert.deepEqual(labels, ['a "big" cat; grey', 'two lines', 'ünï 漢']);
  }
  // Whatever a column is called.
  const strange = await scan(t, '__proto__,constructor,image\na,x,0.png\nb,x,1.png\na,y,2.png\nb,y,3.png\n', {
    columns: ['__proto__', 'constructor'],
  });
  assert.deepEqual(
    strange.tasks.map(({ labels }) => labels),
    [
      ['a', 'b'],
      ['x', 'y'],
    ],
  );
});

test('a separator inside a quoted header, one that the first line names, and rows without text', async (t) => {
  const quoted = 'image;"kind, as seen";label\n0.png;x;a\n1.png;y;b\n2.png;x;a\n3.png;y;b\n';
  assert.deepEqual((await scan(t, quoted, { columns: ['kind, as seen'] })).labels, ['x', 'y']);
  const broken = '"image, or\nfile";"label"\n0.png;a\n1.png;b\n2.png;a\n3.png;b\n';
  assert.deepEqual((await scan(t, broken, { image: 'image, or\nfile' })).labels, ['a', 'b']);
  const bars = 'sep=|\nimage|label\n0.png|a, b\n1.png|c; d\n2.png|a, b\n3.png|c; d\n';
  assert.deepEqual((await scan(t, bars)).labels, ['a, b', 'c; d']);
  const blank = 'image,label\n\n0.png,a\n,\n1.png,b\n   \n2.png,a\n , \n3.png,b\n,,,\n';
  const { problems, splits } = await scan(t, blank);
  assert.deepEqual([problems, splits.train.length + splits.validation.length], [[], 4]);
  // The lines count as they stand in the file.
  await rejectsWith(scan(t, 'sep=;\nimage;label\n\n0.png;a;b\n'), 'LABELS_SYNTAX', { line: 4 });
});

test('a line break in a label counts as a space and is reported once', async (t) => {
  const { labels, problems } = await scan(
    t,
    'image,label\n0.png,"red\nfox"\n1.png,dog\n2.png,"red\r\n fox"\n3.png,red fox\n',
  );
  assert.deepEqual(labels, ['dog', 'red fox']);
  assert.deepEqual(
    problems.map(({ code, line }) => [code, line]),
    [
      ['LABELS_LINE_BREAK', 3],
      ['LABELS_LABEL_ONCE', undefined],
    ],
  );
});

test('the usual words for splits are understood in a column; others are refused by name', async (t) => {
  const file = (...words: string[]) =>
    `image,label,split\n${words.map((word, i) => `${i}.png,${i % 2 ? 'a' : 'b'},${word}`).join('\n')}\n`;
  for (const words of [
    ['training', 'training', 'testing', 'validation'],
    ['Train_Set', 'TRAIN', 'test-set', 'Dev'],
    ['train', 'train', 'eval', 'val'],
  ]) {
    const { splits } = await scan(t, file(...words));
    assert.deepEqual([splits.train.length, splits.validation.length, splits.test.length], [2, 1, 1], words.join());
  }
  await rejectsWith(scan(t, file('tr', 'tr', 'te', 'te')), 'LABELS_SPLIT_UNKNOWN', { line: 2 });
  await rejectsWith(scan(t, file('train', 'train', 'test', 'x')), 'LABELS_SPLIT_UNKNOWN', { line: 5 });
  const partly = await scan(t, file('train', 'train', 'test', ''));
  assert.deepEqual(
    partly.problems.map(({ code }) => code),
    ['LABELS_SPLIT_EMPTY', 'LABELS_LABEL_ONCE'],
  );
  const subset = await scan(t, file('train', 'train', 'test', 'test').replace('split', 'subset'));
  assert.equal(subset.splits.test.length, 2);
  const other = await scan(t, file('train', 'train', 'test', 'test').replace('split', 'phase'));
  assert.equal(other.splits.test.length, 0);
  assert.deepEqual(
    other.problems.map(({ code }) => code),
    ['LABELS_SPLIT_UNUSED'],
  );
});

/** Images `names` and a labels.csv with `header`; the labels are a, b in turn. */
async function besideFolders(t: TestContext, names: string[], header: string, rows: string[]): Promise<string> {
  const root = await temporaryFolder(t);
  await writeTree(root, Object.fromEntries(names.map((name, i) => [name, { seed: i }])));
  await writeFile(join(root, 'labels.csv'), [header, ...rows].join('\n'));
  return root;
}

test('a labels.csv that names the images counts more than folders that say something else', async (t) => {
  const names = ['may/0.png', 'may/1.png', 'june/0.png', 'june/1.png'];
  const rows = names.map((name, i) => `${name},${'ab'[i % 2]!}`);
  const dataset = await scanDataset(await besideFolders(t, names, 'image,label', rows), options);
  assert.deepEqual(dataset.labels, ['a', 'b']);
  assert.deepEqual(
    dataset.problems.map(({ code }) => code),
    ['LABELS_BEFORE_FOLDERS'],
  );
  assert.match(dataset.problems[0]!.message, /june, may/);
  // Where both say the same there is nothing to report.
  const same = await scanDataset(
    await besideFolders(
      t,
      names,
      'image,label',
      names.map((name) => `${name},${name.split('/')[0]!}`),
    ),
    options,
  );
  assert.deepEqual([same.labels, same.problems], [['june', 'may'], []]);
});

test('a labels.csv that is not read is reported with the reason', async (t) => {
  const names = ['may/0.png', 'may/1.png', 'june/0.png', 'june/1.png'];
  const cases: [header: string, rows: string[], reason: RegExp][] = [
    ['image,label', ['elsewhere/0.png,a', 'elsewhere/1.png,b', 'may/0.png,a', 'june/0.png,b', 'x.png,a'], /3 of its 5/],
    ['image,kind', ['may/0.png,a'], /labels/],
    ['image,label', ['may/0.png,"a'], /quote/],
  ];
  for (const [header, rows, reason] of cases) {
    const { labels, problems } = await scanDataset(await besideFolders(t, names, header, rows), options);
    assert.deepEqual(labels, ['june', 'may']);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['LABELS_NOT_READ'],
    );
    assert.match(problems[0]!.message, reason);
  }
  const root = await besideFolders(t, names, 'image,label', ['may/0.png,may', 'june/0.png,june']);
  await writeFile(join(root, 'train.csv'), 'image,label\n');
  const { problems } = await scanDataset(root, options);
  assert.deepEqual(
    problems.map(({ code, file }) => [code, basename(file!)]),
    [['LABELS_NOT_READ', 'train.csv']],
  );
});

test('a labels.csv next to loose train and test folders is read, and the folders are the splits', async (t) => {
  const names = ['train/0.png', 'train/1.png', 'train/2.png', 'train/3.png', 'test/4.png', 'test/5.png'];
  const rows = names.map((name, i) => `${name},${'ab'[i % 2]!}`);
  const unlabelled = await scanDataset(await besideFolders(t, names, 'image,label', rows.slice(0, 4)), options);
  assert.deepEqual([unlabelled.splits.train.length, unlabelled.splits.validation.length], [2, 2]);
  assert.deepEqual(
    unlabelled.problems.map(({ code }) => code),
    ['LABELS_PICTURES_UNLISTED'],
  );
  const labelled = await scanDataset(await besideFolders(t, names, 'image,label', rows), options);
  assert.equal(labelled.splits.test.length, 2);
  assert.ok([...labelled.splits.test].every(({ path }) => path.includes('test')));
  // Names that are relative to the one folder that has them.
  const bare = rows.slice(0, 4).map((row) => row.replace('train/', ''));
  const relative = await scanDataset(await besideFolders(t, names, 'image,label', bare), options);
  assert.equal(relative.splits.train.length, 2);
  assert.deepEqual(
    relative.problems.map(({ code }) => code),
    ['LABELS_RELATIVE', 'LABELS_PICTURES_UNLISTED'],
  );
  // The fault of the label file is named, not that of the folders.
  await rejectsWith(
    scanDataset(await besideFolders(t, names, 'id,breed', ['0,a']), options),
    'LABELS_NO_IMAGE_COLUMN',
    { line: 1 },
    'id, breed',
  );
  const other = await temporaryFolder(t);
  await writeTree(other, { 'train/0.png': { seed: 1 }, 'test/1.png': { seed: 2 }, 'train.csv': 'image,label\n' });
  await rejectsWith(scanDataset(other, options), 'DATASET_FLAT', {}, '"labels" to "train.csv"');
});

test('no CSV, no column, one value: the place, and what there is', async (t) => {
  const cases: [
    text: string | Uint8Array,
    spec: Omit<LabelFileSpec, 'folder'>,
    code: string,
    line: number | undefined,
    remedy?: string,
  ][] = [
    ['', {}, 'LABELS_EMPTY', undefined],
    ['image,label\n', {}, 'LABELS_EMPTY', undefined],
    ['image,label\n0.png,"cat\n1.png,dog\n', {}, 'LABELS_SYNTAX', 3],
    ['image,label\n0.png,cat\n1.png,dog,fish\n', {}, 'LABELS_SYNTAX', 3],
    ['image,label\n0.png,a "cat"\n', {}, 'LABELS_SYNTAX', 2],
    [Buffer.from([0x69, 0x6d, 0xff, 0xfe, 0x00]), {}, 'LABELS_SYNTAX', undefined],
    ['image,label,label\n0.png,a,b\n', {}, 'LABELS_COLUMN_TWICE', 1],
    [simple, { columns: ['Label'] }, 'LABELS_COLUMN_MISSING', 1, 'image, label'],
    [simple, { multiLabel: ['label', 'red'] }, 'LABELS_COLUMN_MISSING', 1, 'image, label'],
    [simple, { image: 'photo' }, 'LABELS_COLUMN_MISSING', 1],
    [simple, { split: 'part' }, 'LABELS_COLUMN_MISSING', 1],
    ['a,b\n0.png,x\n', {}, 'LABELS_NO_IMAGE_COLUMN', 1, 'a, b'],
    ['image,kind\n0.png,x\n', {}, 'LABELS_NO_LABEL_COLUMN', 1, 'image, kind'],
    ['image,label\n0.png,a\n1.png,a\n', {}, 'LABELS_ONE_VALUE', 1],
    ['image,label,tags\n0.png,a,\n1.png,b,\n', { multiLabel: 'tags' }, 'LABELS_ONE_VALUE', 1],
    ['image,red\n0.png,1\n1.png,1\n', { multiLabel: ['red'] }, 'LABELS_ONE_VALUE', 1],
    ['image,red\n0.png,1\n1.png,2\n', { multiLabel: ['red'] }, 'LABELS_NOT_BINARY', 3],
    ['image,label\n8.png,a\n9.png,b\n', {}, 'LABELS_NO_PICTURES', undefined],
    ['image,label\n0.png,\n1.png,\n', {}, 'LABELS_NO_PICTURES', undefined],
    [simple, { labels: 'other.csv' }, 'LABELS_MISSING', undefined],
  ];
  for (const [text, spec, code, line, remedy] of cases) {
    await t.test(`${code} ${JSON.stringify(text).slice(0, 40)}`, () =>
      rejectsWith(scan(t, text, spec), code, { line }, remedy),
    );
  }
});

test('rows that cannot be used are left out, each with its line', async (t) => {
  const root = await folderOf(
    t,
    [
      'image,label',
      '0.png,a',
      './1.png,b',
      '../secret.png,a',
      '/etc/passwd,a',
      '.,a',
      ',a',
      '9.png,a',
      'notes.txt,a',
      'with\0nul.png,a',
      '0.png,a',
      '1.png,a',
      '2.png,',
      'deep\\er\\4.png,b',
      '3.png,a',
    ].join('\n'),
  );
  await mkdir(join(root, 'deep', 'er'), { recursive: true });
  await writeTree(root, {
    '../secret.png': { seed: 9 },
    'deep/er/4.png': { seed: 4 },
    'deep/unlisted.png': { seed: 5 },
    'notes.txt': 'none',
  });
  const dataset = await scanDataset({ folder: root }, options);
  assert.deepEqual(answersOf(dataset), ['0.png a', '1.png b', '3.png a', '4.png b']);
  assert.deepEqual(
    dataset.problems.map(({ code, line }) => `${code} ${String(line)}`),
    [
      'LABELS_PICTURE_OUTSIDE 4',
      'LABELS_PICTURE_OUTSIDE 5',
      'LABELS_PICTURE_OUTSIDE 6',
      'LABELS_PICTURE_OUTSIDE 7',
      'LABELS_PICTURE_MISSING 8',
      'LABELS_NOT_PICTURE 9',
      'LABELS_PICTURE_MISSING 10',
      'LABELS_PICTURE_TWICE 11',
      'LABELS_PICTURE_TWICE 12',
      'LABELS_PICTURES_UNLISTED undefined',
      'LABELS_ROW_EMPTY 13',
    ],
  );
  for (const { message, remedy, file } of dataset.problems)
    assert.ok(message && remedy && file === join(root, 'labels.csv'));
  assert.notEqual(dataset.problems[7]!.message, dataset.problems[8]!.message);
});

test('a folder or a label file that is not there', async (t) => {
  const root = await temporaryFolder(t);
  await rejectsWith(scanDataset({ folder: join(root, 'gone') }, options), 'DATASET_MISSING');
  await rejectsWith(scanDataset({ folder: root }, options), 'LABELS_MISSING');
  const several = [...singleTask(['a', 'b'], 'kind'), ...singleTask(['c', 'd'], 'size')];
  await rejectsWith(scanDataset(root, { ...options, tasks: several }), 'LABELS_MISSING');
});
