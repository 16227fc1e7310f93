/** Changes of a dataset's images through the process of images, as the editor asks for them: plans, cells, lists. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ImagesProcess } from '../../../src/extension/imageGrid/imagesProcess.js';
import { ShownError } from '../../../src/extension/errors/shownError.js';
import type { ImageChange, ImagePlan } from '../../../src/shared/imageChange.js';
import { goneColumn, ImageList } from '../../../src/shared/imageList.js';
import { ChoiceBuilder, ImageListBuilder } from '../../../src/shared/imageListBuilder.js';
import { programOf } from '../commandLine/program.js';
import { temporaryFolder, writeTree } from './images.js';

async function opened(t: TestContext, files: Record<string, string | { seed: number } | Buffer>) {
  const folder = await temporaryFolder(t);
  const root = join(folder, 'photos');
  await writeTree(root, files as Parameters<typeof writeTree>[1]);
  const main = await programOf('main');
  const images = new ImagesProcess({
    executable: process.execPath,
    scripts: { main, cli: main },
    env: { ...process.env, VITUNE_CACHE: join(folder, 'cache') },
    requireAllowed: () => undefined,
  });
  t.after(() => images.dispose());
  const plan = (change: ImageChange, ...shown: [path: string, label?: string][]) =>
    images.plan(
      root,
      change,
      shown.map(([path, label]) => ({ path: join(root, path), label })),
    );
  const movesOf = ({ moves }: ImagePlan) =>
    moves.map(({ from, to }) => `${relative(root, from)} → ${relative(root, to)}`.replaceAll('\\', '/'));
  const rejects = (promise: Promise<unknown>, code: string) =>
    assert.rejects(promise, (error) => error instanceof ShownError && error.info.code === code, code);
  return { root, images, plan, movesOf, rejects, list: join(folder, 'a.images') };
}

let seed = 0;
const some = (...paths: string[]) => Object.fromEntries(paths.map((path) => [path, { seed: ++seed }]));
const split = some(
  'train/cat/a.png',
  'train/cat/deep/b.png',
  'train/dog/A.PNG',
  'train/dog/c.png',
  'train/dog/c-2.png',
  'val/cat/a.png',
  'val/dog/d.png',
);

test('class folders: each image goes to its class in its split; a taken name gets a number', async (t) => {
  const { plan, movesOf, rejects } = await opened(t, split);
  const moved = await plan({ kind: 'class', label: 'dog' }, ['train/cat/a.png', 'cat'], ['val/cat/a.png', 'cat']).catch(
    (error: ShownError) => error.info.code,
  );
  // The last cat of validation may go, since training keeps one.
  assert.deepEqual(movesOf(moved as ImagePlan), [
    'train/cat/a.png → train/dog/a-2.png',
    'val/cat/a.png → val/dog/a.png',
  ]);
  assert.equal((moved as ImagePlan).numbered, 1);
  const deep = await plan({ kind: 'class', label: 'dog' }, ['train/cat/deep/b.png'], ['train/dog/c.png']);
  assert.deepEqual(movesOf(deep), ['train/cat/deep/b.png → train/dog/b.png']);
  const toNew = await plan({ kind: 'class', label: 'bird' }, ['train/dog/c.png'], ['train/cat/a.png']);
  assert.deepEqual(movesOf(toNew), ['train/dog/c.png → train/bird/c.png', 'train/cat/a.png → train/bird/a.png']);
  const toSplit = await plan({ kind: 'split', split: 'validation' }, ['train/cat/a.png']);
  assert.deepEqual(movesOf(toSplit), ['train/cat/a.png → val/cat/a-2.png']);
  const toTest = await plan({ kind: 'split', split: 'test' }, ['train/cat/a.png']);
  assert.deepEqual(movesOf(toTest), ['train/cat/a.png → test/cat/a.png']);
  await rejects(plan({ kind: 'class', label: 'dog' }, ['train/dog/c.png']), 'CHANGE_NOTHING');
});

test('no change leaves a dataset that could not be trained on, or a name that is no class', async (t) => {
  const { plan, rejects } = await opened(t, split);
  const cats: [string][] = [['train/cat/a.png'], ['train/cat/deep/b.png']];
  await rejects(plan({ kind: 'class', label: 'bird' }, ['val/cat/a.png']), 'CHANGE_NO_TRAINING');
  await rejects(plan({ kind: 'trash' }, ...cats), 'CHANGE_NO_TRAINING');
  await rejects(plan({ kind: 'trash' }, ...cats, ['val/cat/a.png']), 'CHANGE_ONE_CLASS');
  await rejects(plan({ kind: 'exclude' }, ...cats), 'CHANGE_NO_TRAINING');
  await rejects(plan({ kind: 'renameClass', label: 'cat', to: 'dog' }), 'CHANGE_ONE_CLASS');
  await rejects(plan({ kind: 'deleteClass', label: 'cat' }), 'CHANGE_ONE_CLASS');
  for (const label of [
    '',
    ' cat',
    'a/b',
    'a\\b',
    '..',
    '.cat',
    'aux',
    'LPT1',
    'nul.x',
    'cat.',
    'what?',
    'a\nb',
    '__MACOSX',
  ])
    await rejects(plan({ kind: 'class', label }, ['train/cat/a.png']), 'CHANGE_NAME_UNFIT');
  await rejects(plan({ kind: 'class', label: 'Cat' }, ['train/dog/c.png']), 'CHANGE_NAME_TAKEN');
  await rejects(plan({ kind: 'class', label: 'test' }, ['train/dog/c.png']), 'CHANGE_NAME_OF_SPLIT');
});

test('what the disk says by now counts: gone, elsewhere and in another class', async (t) => {
  const { root, plan, movesOf } = await opened(t, { ...split, 'train/loose.png': { seed: 99 } });
  await rm(join(root, 'train/dog/c.png'));
  const { left, ...rest } = await plan(
    { kind: 'class', label: 'dog' },
    ['train/dog/c.png', 'dog'],
    ['train/loose.png'],
    ['train/cat/a.png', 'dog'],
    ['train/cat/deep/b.png', 'cat'],
  );
  assert.deepEqual(
    left.map(({ code }) => code),
    ['CHANGE_IMAGE_GONE', 'CHANGE_IMAGE_FOREIGN', 'CHANGE_LABEL_CHANGED'],
  );
  assert.deepEqual(movesOf(rest as ImagePlan), ['train/cat/deep/b.png → train/dog/b.png']);
});

test('drawn by seed: a validation image is one for training until validation has its own folder', async (t) => {
  const { plan, movesOf, rejects } = await opened(
    t,
    some('cat/a.png', 'cat/b.png', 'cat/c.png', 'dog/a.png', 'dog/b.png', 'dog/c.png'),
  );
  const all: [string][] = [['cat/a.png'], ['cat/b.png']];
  const named = await plan({ kind: 'split', split: 'validation' }, ...all);
  assert.deepEqual(movesOf(named), ['cat/a.png → validation/cat/a.png', 'cat/b.png → validation/cat/b.png']);
  assert.ok(named.endsDraw);
  await rejects(plan({ kind: 'split', split: 'train' }, ...all), 'CHANGE_DRAWN_BY_SEED');
  assert.ok(!(await plan({ kind: 'split', split: 'test' }, ...all)).endsDraw);
  await rejects(plan({ kind: 'split', split: 'test' }, ...all, ['cat/c.png']), 'CHANGE_NO_TRAINING');
});

test('a class is renamed by its folders, merged by its images, and deleted with nothing left but other files', async (t) => {
  const { root, plan, movesOf } = await opened(t, { ...split, ...some('train/bird/e.png') });
  const renamed = await plan({ kind: 'renameClass', label: 'cat', to: 'kitten' });
  assert.deepEqual(movesOf(renamed), ['train/cat → train/kitten', 'val/cat → val/kitten']);
  assert.equal(renamed.images, 3);
  assert.deepEqual(movesOf(await plan({ kind: 'renameClass', label: 'cat', to: 'Cat' })), [
    'train/cat → train/Cat',
    'val/cat → val/Cat',
  ]);
  const merged = await plan({ kind: 'renameClass', label: 'cat', to: 'dog' });
  assert.deepEqual(movesOf(merged), [
    'train/cat/a.png → train/dog/a-2.png',
    'train/cat/deep/b.png → train/dog/b.png',
    'val/cat/a.png → val/dog/a.png',
  ]);
  const deleted = await plan({ kind: 'deleteClass', label: 'cat' });
  assert.equal(deleted.trash.length, 3);
  for (const { emptied } of [merged, deleted])
    assert.deepEqual(emptied.map((folder) => relative(root, folder).replaceAll('\\', '/')).sort(), [
      'train/cat',
      'train/cat/deep',
      'val/cat',
    ]);
});

const table = (end: string, ...rows: string[]) => rows.join(end) + end;
const labelled = (labels: string | Buffer) => ({
  ...some('a.png', 'b.png', 'c.png', 'd.png', 'e.png'),
  'labels.csv': labels,
});

test('a label file: only the cells change; back again it has the bytes it had', async (t) => {
  const text = `\uFEFF${table('\r\n', 'image;label;split', 'a.png;"cat";tr_train', 'b.png;cat;tr_train', 'c.png;dog;train', 'd.png;dog;train', 'e.png;dog;val')}`;
  const { root, images, plan } = await opened(t, labelled(text.replaceAll('tr_train', 'train')));
  const file = join(root, 'labels.csv');
  const before = await readFile(file);
  const { cells, moves, ...rest } = await plan(
    { kind: 'class', label: 'big; dog' },
    ['a.png', 'cat'],
    ['c.png', 'dog'],
  );
  assert.equal(rest.file, file);
  assert.deepEqual(moves, []);
  assert.deepEqual(
    cells.map(({ column, before, after }) => [column, before, after]),
    [
      ['label', '"cat"', '"big; dog"'],
      ['label', 'dog', '"big; dog"'],
    ],
  );
  const written = await images.cells(root, file, cells);
  assert.equal(written.done.length, 2);
  const after = await readFile(file);
  assert.equal(
    after.toString(),
    before.toString().replace('"cat"', '"big; dog"').replace('c.png;dog', 'c.png;"big; dog"'),
  );
  const toSplit = await plan({ kind: 'split', split: 'validation' }, ['c.png']);
  assert.deepEqual(
    toSplit.cells.map(({ column, before, after }) => [column, before, after]),
    [['split', 'train', 'val']],
  );
  // By hand in between: one row names another label, a row was put before all, one is gone.
  const edited = after
    .toString()
    .replace('c.png;"big; dog"', 'c.png;cow')
    .replace('a.png', 'd.png;dog;train\r\na.png')
    .replace('e.png;dog;val', 'e.png;cow;val');
  await writeFile(file, edited);
  const back = cells.map((cell) => ({ ...cell, before: cell.after, after: cell.before }));
  const undone = await images.cells(root, file, back);
  assert.deepEqual(
    undone.left.map(({ code, line }) => [code, line]),
    [['CHANGE_CELL_CHANGED', 5]],
  );
  assert.equal(await readFile(file, 'utf8'), edited.replace('"big; dog"', '"cat"'));
  await writeFile(file, after);
  await images.cells(root, file, back);
  assert.deepEqual(await readFile(file), before);
});

test('a label file without a column of splits, and a class of it that is renamed or left out', async (t) => {
  const rows = ['image,label', 'a.png,cat', 'b.png,cat', 'c.png,dog', 'd.png,dog', 'e.png,fish'];
  const { plan, rejects } = await opened(t, labelled(Buffer.from(`\uFEFF${table('\n', ...rows)}`, 'utf16le')));
  await rejects(plan({ kind: 'split', split: 'test' }, ['a.png']), 'CHANGE_NO_SPLIT_COLUMN');
  const renamed = await plan({ kind: 'renameClass', label: 'cat', to: 'a/b?' });
  assert.deepEqual(
    renamed.cells.map(({ after }) => after),
    ['a/b?', 'a/b?'],
  );
  const deleted = await plan({ kind: 'deleteClass', label: 'cat' });
  assert.deepEqual([deleted.exclude.length, deleted.trash.length], [2, 0]);
});

test('a list that somebody cannot write leaves all as it was', async (t) => {
  const { root, images, rejects } = await opened(t, split);
  await mkdir(join(root, 'vitune-exclude.txt'));
  await rejects(images.exclude(root, [join(root, 'train/cat/a.png')], true), 'FILE_UNREADABLE');
});

test('excluded and taken back: the list has its lines, and says who was there before', async (t) => {
  const { root, images } = await opened(t, { ...split, 'vitune-exclude.txt': '# by hand\r\nval/dog/d.png\r\n' });
  const file = join(root, 'vitune-exclude.txt');
  const before = await readFile(file, 'utf8');
  const paths = ['train/cat/a.png', 'val/dog/d.png'].map((path) => join(root, path));
  const added = await images.exclude(root, paths, true);
  assert.deepEqual([added.done, added.left.map(({ code }) => code)], [[paths[0]], ['CHANGE_LINE_THERE']]);
  assert.equal(await readFile(file, 'utf8'), `${before}train/cat/a.png\r\n`);
  const back = await images.exclude(root, [paths[0]!], false);
  assert.deepEqual([back.done, back.left], [[paths[0]], []]);
  assert.equal(await readFile(file, 'utf8'), before);
  const again = await images.exclude(root, [paths[0]!], false);
  assert.deepEqual(
    again.left.map(({ code }) => code),
    ['CHANGE_LINE_GONE'],
  );
});

test('a list is brought up to date: rows keep their numbers; moved, gone, back and new images', async (t) => {
  const { root, images, list } = await opened(t, split);
  await images.list(root, list, [], false);
  const read = async () => ImageList.of(new Uint8Array(await readFile(list)).buffer);
  const first = await read();
  const rowOf = (path: string) =>
    Array.from({ length: first.length }, (_, row) => row).find((row) => first.pathAt(row) === join(root, path))!;
  const row = rowOf('train/cat/a.png');
  const lost = rowOf('train/dog/c.png');
  const word = (of: ImageList, id: string, at: number) => {
    const column = of.choice(id)!;
    return column.values[column.data[at]! - 1];
  };
  assert.equal(await images.refresh(root, list, [], true), true);
  assert.equal(await images.refresh(root, list, [], true), false);
  const to = join(root, 'val/bird/a.png');
  await mkdir(dirname(to));
  await rename(join(root, 'train/cat/a.png'), to);
  await mkdir(join(root, 'train/bird'));
  await writeFile(join(root, 'train/bird/new.png'), await readFile(to));
  await rename(join(root, 'train/dog/c.png'), join(root, 'c.png'));
  const moves = [{ from: join(root, 'train/cat/a.png'), to }];
  assert.equal(await images.refresh(root, list, moves, true), true);
  const second = await read();
  assert.deepEqual(
    [second.length, second.pathAt(row), word(second, 'label', row), word(second, 'split', row)],
    [first.length + 1, to, 'bird', 'validation'],
  );
  assert.equal(second.pathAt(first.length), join(root, 'train/bird/new.png'));
  assert.deepEqual([word(second, goneColumn, lost), word(second, goneColumn, row)], ['left', undefined]);
  assert.equal(await images.refresh(root, list, [], true), false);
  await rename(join(root, 'c.png'), join(root, 'train/dog/c.png'));
  await rename(join(root, 'train/dog'), join(root, 'train/hound'));
  await rename(join(root, 'val/dog'), join(root, 'val/hound'));
  await images.refresh(root, list, [{ from: join(root, 'train/dog'), to: join(root, 'train/hound') }], true);
  const third = await read();
  assert.deepEqual(
    [third.pathAt(lost), word(third, 'label', lost), word(third, goneColumn, lost)],
    [join(root, 'train/hound/c.png'), 'hound', undefined],
  );
});

test('images without a class get one each, also where there is no class yet; nothing is replaced', async (t) => {
  const { root, images, plan, movesOf, rejects, list } = await opened(t, {
    ...some('a.png', 'b.png', 'c.png', 'd.png', 'cat/A.png'),
    'notes.txt': 'no image',
  });
  const sorted = await plan({ kind: 'classes', labels: ['cat', 'dog', 'cat'] }, ['a.png'], ['b.png'], ['c.png']);
  assert.deepEqual(movesOf(sorted), ['a.png → cat/a-2.png', 'b.png → dog/b.png', 'c.png → cat/c.png']);
  assert.equal(sorted.numbered, 1);
  const partly = await plan({ kind: 'class', label: 'dog' }, ['a.png'], ['gone.png'], ['notes.txt']);
  assert.deepEqual(movesOf(partly), ['a.png → dog/a.png']);
  assert.deepEqual(
    partly.left.map(({ code }) => code),
    ['CHANGE_IMAGE_GONE', 'CHANGE_IMAGE_FOREIGN'],
  );
  await rejects(plan({ kind: 'classes', labels: ['dog', 'Dog'] }, ['a.png'], ['b.png']), 'CHANGE_NAME_TAKEN');
  await rejects(plan({ kind: 'classes', labels: ['dog', '../up'] }, ['a.png'], ['b.png']), 'CHANGE_NAME_UNFIT');
  const noSplit = await plan({ kind: 'split', split: 'test' }, ['a.png']);
  assert.deepEqual([noSplit.images, noSplit.left[0]!.code], [0, 'CHANGE_NO_CLASS']);
  // A list of them follows what is moved, with and without an end of the process in the middle.
  const builder = new ImageListBuilder();
  const label = new ChoiceBuilder({ id: 'label' });
  const group = new ChoiceBuilder({ id: 'group' });
  for (const name of ['a.png', 'b.png', 'c.png', 'd.png']) group.set(builder.add(join(root, name)), '1');
  await writeFile(list, builder.list([label, group]).toBytes());
  const [first] = sorted.moves;
  await rename(first!.from, first!.to);
  await images.refresh(root, list, [first!], false);
  const half = ImageList.of(new Uint8Array(await readFile(list)).buffer);
  assert.equal(half.pathAt(0), first!.to);
  const labelAt = (row: number) => half.choice('label')!.values[half.choice('label')!.data[row]! - 1];
  assert.deepEqual([0, 1, 2, 3].map(labelAt), ['cat', undefined, undefined, undefined]);
  assert.equal(half.choice(goneColumn)?.data.some(Boolean), false);
  // What was not moved yet is where it was, and is moved by the next call.
  const rest = await plan({ kind: 'classes', labels: ['cat', 'dog', 'cat'] }, ['a.png'], ['b.png'], ['c.png']);
  assert.deepEqual(movesOf(rest), ['b.png → dog/b.png', 'c.png → cat/c.png']);
  await rm(root, { recursive: true });
  await rejects(plan({ kind: 'class', label: 'dog' }, ['b.png']), 'DATASET_MISSING');
});
