/** Versions of a dataset: which image is which in another version, and how much a million images take. */
import assert from 'node:assert/strict';
import { rename, writeFile, utimes, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImageList } from '../../../src/shared/imageList.js';
import { ImageListBuilder } from '../../../src/shared/imageListBuilder.js';
import { markOf } from '../../../src/trainer/data/contentMark.js';
import { datasetList } from '../../../src/trainer/data/datasetList.js';
import { Samples } from '../../../src/trainer/data/samples.js';
import { scanDataset } from '../../../src/trainer/data/scan.js';
import { partsOf, versionOf } from '../../../src/trainer/runs/datasetVersion.js';
import { matchImages } from '../../../src/trainer/runs/matchImages.js';
import { temporaryFolder, writeTree } from '../data/images.js';

/** Paths and contents. */
function listOf(images: [path: string, content: number][]): ImageList {
  const builder = new ImageListBuilder();
  for (const [path] of images) builder.add(path);
  const data = Float64Array.from(images, ([, content]) => content);
  return builder
    .list([])
    .with(
      { id: 'size', kind: 'number', format: 'bytes', data: new Float64Array(images.length).fill(10) },
      { id: 'hash', kind: 'number', format: 'rank', data },
    );
}

function matched(was: [string, number][], is: [string, number][]): string[] {
  const [a, b] = [listOf(was), listOf(is)];
  const name = (list: ImageList, row: number | undefined) => (row === undefined ? '–' : list.pathAt(row));
  return matchImages(a, b)
    .map(([before, now]) => `${name(a, before)} → ${name(b, now)}`)
    .toSorted();
}

test('an image is found by its content wherever it went, and by its path where it was edited', () => {
  const was: [string, number][] = [
    ['cat/a.jpg', 1],
    ['cat/b.jpg', 2],
    ['dog/c.jpg', 3],
    ['dog/d.jpg', 4],
    ['dog/e.jpg', 5],
  ];
  const is: [string, number][] = [
    ['cat/a.jpg', 1],
    ['dog/b.jpg', 2],
    ['dog/c.jpg', 30],
    ['cat/renamed.jpg', 4],
    ['cat/new.jpg', 6],
  ];
  assert.deepEqual(matched(was, is), [
    'cat/a.jpg → cat/a.jpg',
    'cat/b.jpg → dog/b.jpg',
    'dog/c.jpg → dog/c.jpg',
    'dog/d.jpg → cat/renamed.jpg',
    'dog/e.jpg → –',
    '– → cat/new.jpg',
  ]);
});

test('two files that changed places are both found; copies stay as many as they are', () => {
  const swapped = matched([['cat/a.jpg', 1], ['dog/a.jpg', 2]], [['cat/a.jpg', 2], ['dog/a.jpg', 1]]); // prettier-ignore
  assert.deepEqual(swapped, ['cat/a.jpg → dog/a.jpg', 'dog/a.jpg → cat/a.jpg']);
  const copies = matched([['cat/a.jpg', 1], ['cat/b.jpg', 1]], [['dog/b.jpg', 1], ['cat/a.jpg', 1], ['cat/c.jpg', 1]]); // prettier-ignore
  assert.deepEqual(copies, ['cat/a.jpg → cat/a.jpg', 'cat/b.jpg → dog/b.jpg', '– → cat/c.jpg']);
});

test('files that cannot be read are matched by their path alone', () => {
  assert.deepEqual(matched([['a', NaN], ['b', NaN]], [['a', NaN], ['c', NaN]]), ['a → a', 'b → –', '– → c']); // prettier-ignore
});

test('the mark of a file sees a change of one byte, and of a large file one at its beginning, middle and end', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'a.bin');
  for (const [size, places] of [
    [100, [0, 50, 99]],
    [1 << 20, [0, 1 << 19, (1 << 20) - 1]],
  ] as const) {
    // prettier-ignore
    const bytes = Buffer.alloc(size, 7);
    await writeFile(file, bytes);
    const marks = [await markOf(file)];
    for (const place of places) {
      const changed = Buffer.from(bytes);
      changed[place] = 8;
      await writeFile(file, changed);
      marks.push(await markOf(file));
    }
    assert.equal(new Set(marks.map(({ hash }) => hash)).size, 4);
    assert.ok(marks.every(({ bytes: own, hash }) => own === size && Number.isSafeInteger(hash)));
  }
});

test('a file of the same size and date is not read again; a moved one is what the run used it for', async (t) => {
  const root = join(await temporaryFolder(t), 'photos');
  await writeTree(root, Object.fromEntries([1, 2, 3, 4].flatMap((i) => [[`a/${i}.png`, { seed: i }], [`b/${i}.png`, { seed: 10 + i }]]))); // prettier-ignore
  const scan = () => scanDataset(root, { validationSplit: 0.25, seed: 1 });
  const dataset = await scan();
  const { path } = dataset.splits.validation.at(0);
  const when = new Date(1_700_000_000_000);
  await utimes(path, when, when);
  const version = await versionOf(dataset);
  const { size } = await stat(path);
  // Another content of the same size and date: who reads it sees it.
  await writeFile(path, Buffer.alloc(size, 1));
  await utimes(path, when, when);
  const hashes = (list: ImageList) => [...list.number('hash')!.data];
  assert.deepEqual(hashes(await versionOf(dataset, { known: version })), hashes(version));
  assert.notDeepEqual(hashes(await versionOf(dataset)), hashes(version));

  const elsewhere = join(root, 'b', 'moved.png');
  const [, other] = [...dataset.splits.validation];
  await rename(other!.path, elsewhere);
  const parts = await partsOf(version, await scanDataset(root, { validationSplit: 0, seed: 1 }));
  assert.deepEqual([parts.get(elsewhere), parts.get(path), parts.size], ['validation', 'validation', 8]);
});

test('a version of a million images takes less than 60 MB', async () => {
  const images = new Samples();
  for (let i = 0; i < 1e6; i++)
    images.push(`/data/photos/class ${i % 1000}/IMG_${100_000_000 + i}.jpg`, { label: i % 1000 });
  const labels = Array.from({ length: 1000 }, (_, i) => `class ${i}`);
  const dataset = {
    root: '/data/photos',
    labels,
    tasks: [{ name: 'label', labels, multiLabel: false }],
    splits: { train: images, validation: new Samples(), test: new Samples() },
    splitOrigin: 'seeded' as const,
    problems: [],
  };
  const list = await datasetList(dataset, [], false, (path) => path.slice('/data/photos/'.length));
  const numbers = () => new Float64Array(list.length);
  const bytes = list
    .with(
      { id: 'size', kind: 'number', format: 'bytes', data: numbers() },
      { id: 'date', kind: 'number', format: 'date', data: numbers() },
      { id: 'hash', kind: 'number', format: 'rank', data: numbers() },
    )
    .toBytes();
  assert.ok(bytes.length < 60e6, `${bytes.length / 1e6} MB`);
  assert.equal(ImageList.of(bytes.buffer).pathAt(999_999), 'class 999/IMG_100999999.jpg');
});
