/** Lists of datasets through the process of images, as the editor asks for them: labels, splits, marks, late columns. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ImagesProcess } from '../../../src/extension/imageGrid/imagesProcess.js';
import { ImageList } from '../../../src/shared/imageList.js';
import type { ImageMark } from '../../../src/trainer/protocol.js';
import { programOf, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from './images.js';

async function opened(t: TestContext) {
  const folder = await temporaryFolder(t);
  const main = await programOf('main');
  const images = new ImagesProcess({
    executable: process.execPath,
    scripts: { main, cli: main },
    env: { ...process.env, VITUNE_CACHE: join(folder, 'cache') },
    requireAllowed: () => undefined,
  });
  t.after(() => images.dispose());
  const listOf = async (dataset: string, marks: ImageMark[] = [], only = false) => {
    const file = join(folder, `${marks.length}.images`);
    await images.list(dataset, file, marks, only);
    return { file, list: ImageList.of(new Uint8Array(await readFile(file)).buffer) };
  };
  return { folder, images, listOf };
}

const wordAt = (list: ImageList, id: string, row: number): string | undefined => {
  const column = list.choice(id)!;
  return column.values[column.data[row]! - 1];
};

test('folders: labels and splits of all images, size and date, the natural order of the names', async (t) => {
  const { folder, images, listOf } = await opened(t);
  const photos = join(folder, 'photos');
  await writeDataset(join(photos, 'train'), { ant: 12, bee: 3 });
  await writeDataset(join(photos, 'validation'), { ant: 2, bee: 2 });
  const { file, list } = await listOf(photos);
  assert.equal(list.length, 19);
  for (let row = 0; row < list.length; row++) {
    const [split, label] = [wordAt(list, 'split', row)!, wordAt(list, 'label', row)!];
    assert.equal(list.pathAt(row), join(photos, split, label, list.nameAt(row)));
  }
  const controller = new AbortController();
  const columns = await images.columns(file, 'files', controller.signal, () => undefined);
  const later = list.with(...columns);
  const { size, mtimeMs } = await stat(list.pathAt(7));
  assert.deepEqual([later.number('size')!.data[7], later.number('date')!.data[7]], [size, mtimeMs]);
  const [names] = await images.columns(file, 'names', controller.signal, () => undefined);
  const ranks = [...names!.data];
  const sorted = ranks.map((_, place) => list.nameAt(ranks.indexOf(place)));
  assert.deepEqual(sorted, sorted.toSorted(new Intl.Collator('en', { numeric: true }).compare));
  assert.match(await images.thumbnail(list.pathAt(0)), /^data:image\/jpeg;base64,/);
});

test('only images with marks: those of the dataset with their labels, others without; folders are none', async (t) => {
  const { folder, listOf } = await opened(t);
  const photos = join(folder, 'photos');
  await writeDataset(photos, { ant: 3, bee: 3 });
  const all = (await listOf(photos)).list;
  const odd = join(photos, 'ant', 'drawing.svg');
  await writeFile(odd, '<svg/>');
  const [ant, bee] = [all.pathAt(0), all.pathAt(all.length - 1)];
  const { list } = await listOf(
    photos,
    [
      { path: bee, message: 'Twice.', group: '1' },
      { path: ant, message: 'The same.', group: '1' },
      { path: odd, message: 'Unsupported.' },
      { path: photos, message: 'About the folder.' },
      { path: bee, message: 'Dark.' },
    ],
    true,
  );
  assert.deepEqual(
    [0, 1, 2].map((row) => list.pathAt(row)),
    [bee, ant, odd],
  );
  assert.deepEqual([list.length, wordAt(list, 'mark', 0), wordAt(list, 'group', 1)], [3, 'Twice. Dark.', '1']);
  assert.deepEqual([wordAt(list, 'label', 2), wordAt(list, 'group', 2)], [undefined, undefined]);
});

test('what is no dataset is refused by name', async (t) => {
  const { folder, listOf } = await opened(t);
  await assert.rejects(listOf(join(folder, 'none')), /none/);
});
