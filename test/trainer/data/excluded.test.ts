/** Images that a dataset leaves out by its `vitune-exclude.txt`, and lines of it that leave out nothing. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { Dataset, DatasetSpec } from '../../../src/trainer/data/dataset.js';
import { inspectDataset } from '../../../src/trainer/data/inspect.js';
import { scanDataset } from '../../../src/trainer/data/scan.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { temporaryFolder, writeTree } from './images.js';

const scan = (spec: DatasetSpec) => scanDataset(spec, { validationSplit: 0, seed: 1 });
const namesOf = ({ splits }: Dataset) =>
  Object.values(splits)
    .flatMap((samples) => [...samples].map(({ path }) => basename(path)))
    .sort();

test('class folders: listed images are passed over and counted, what is not there is reported with its line', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, {
    'cat/a.png': { seed: 1 },
    'cat/b.png': { seed: 2 },
    'cat/deep/c.png': { seed: 3 },
    'dog/ç.png': { seed: 4 },
    'dog/e.png': { seed: 5 },
    'dog/notes.txt': 'text',
    'vitune-exclude.txt': [
      '# blurred',
      'cat/a.png',
      'cat\\deep\\c.png',
      'dog/c\u0327.png',
      'dog/gone.png',
      'dog/notes.txt',
    ].join('\r\n'),
  });
  const dataset = await scan(root);
  assert.deepEqual(namesOf(dataset), ['b.png', 'e.png']);
  const told = dataset.problems
    .filter(({ code }) => code.includes('EXCLUDED'))
    .map(({ code, line, message }) => [code, line, /^\S+/.exec(message)![0]]);
  assert.deepEqual(told, [
    ['IMAGES_EXCLUDED', undefined, '3'],
    ['EXCLUDED_NOTHING', 5, 'dog/gone.png'],
    ['EXCLUDED_NOTHING', 6, 'dog/notes.txt'],
  ]);
  const { problems, counts } = await inspectDataset(root);
  assert.deepEqual(
    counts.map(({ label, train, validation, test }) => [label, train + validation + test]),
    [
      ['cat', 1],
      ['dog', 1],
    ],
  );
  assert.ok(problems.some(({ code }) => code === 'IMAGES_EXCLUDED'));
});

test('a label file: the rows of listed images are passed over, and are not missing', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, {
    'a.png': { seed: 1 },
    'b.png': { seed: 2 },
    'c.png': { seed: 3 },
    'labels.csv': 'image,label\na.png,cat\nb.png,dog\nc.png,dog\n',
    'vitune-exclude.txt': 'c.png\n',
  });
  for (const spec of [root, join(root, 'labels.csv'), { folder: root }]) {
    const dataset = await scan(spec);
    assert.deepEqual(namesOf(dataset), ['a.png', 'b.png']);
    assert.deepEqual(
      dataset.problems.map(({ code }) => code).filter((code) => code !== 'LABEL_ONCE' && code !== 'LABELS_LABEL_ONCE'),
      ['IMAGES_EXCLUDED'],
    );
  }
});

test('a list in another encoding or in the shape of a folder is refused, not passed over', async (t) => {
  const root = await temporaryFolder(t);
  await writeTree(root, { 'cat/a.png': { seed: 1 }, 'dog/b.png': { seed: 2 } });
  const rejects = (code: string) =>
    assert.rejects(scan(root), (error) => error instanceof UserError && error.code === code);
  await writeFile(join(root, 'vitune-exclude.txt'), Buffer.from('\uFEFFcat/a.png\n', 'utf16le'));
  await rejects('EXCLUDE_NOT_TEXT');
  const other = join(root, 'other');
  await mkdir(join(other, 'vitune-exclude.txt'), { recursive: true });
  await assert.rejects(scan(other), (error) => error instanceof UserError && error.code === 'FILE_UNREADABLE');
});
