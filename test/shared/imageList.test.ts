/** A list of images as bytes: what is written is read again, and bytes that are no list are refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImageList, ImageListDamaged } from '../../src/shared/imageList.js';
import { ChoiceBuilder, ImageListBuilder, NumberBuilder } from '../../src/shared/imageListBuilder.js';

function build(paths: readonly string[]): ImageList {
  const builder = new ImageListBuilder();
  const label = new ChoiceBuilder({ id: 'label', task: 'kind' }, ['cat', 'dog']);
  const marks = new ChoiceBuilder({ id: 'marks' }, ['red', 'round', 'old'], true);
  const loss = new NumberBuilder({ id: 'loss' }, 'figure');
  for (const path of paths) {
    const row = builder.add(path);
    if (row % 3) label.set(row, row % 3 === 1 ? 'dog' : 'cat');
    marks.setSeveral(row, row % 2 ? [0, 2] : []);
    if (row !== 1) loss.set(row, row / 4);
  }
  return builder.list([label, marks, loss]);
}

const paths = [
  '/photos/cat/çalışma 1.jpg',
  '/photos/cat/2.jpg',
  'C:\\photos\\dog\\3.jpg',
  '/photos/cat/half \ud83d.jpg',
  '/photos/cat/😀.jpg',
];

test('a list that was written is read again: paths, words, several words, numbers', () => {
  const list = ImageList.of(build(paths).toBytes().buffer);
  assert.equal(list.length, 5);
  assert.deepEqual(
    paths.map((_, row) => list.pathAt(row)),
    paths,
  );
  const label = list.choice('label', 'kind')!;
  assert.deepEqual(label.values, ['cat', 'dog']);
  assert.deepEqual([...label.data], [0, 2, 1, 0, 2]);
  assert.equal(list.choice('label', 'breed'), undefined);
  const marks = list.choice('marks', 'kind')!;
  assert.deepEqual(marks.values, ['', 'red, old']);
  assert.deepEqual(marks.parts, { words: ['red', 'round', 'old'], of: [[], [0, 2]] });
  assert.deepEqual([...list.number('loss')!.data], [0, NaN, 0.5, 0.75, 1]);
});

test('a column takes the place of that of the same name', () => {
  const list = build(paths).with({ id: 'loss', kind: 'number', format: 'figure', data: new Float32Array(5).fill(7) });
  assert.equal(list.columns.length, 3);
  assert.equal(ImageList.of(list.toBytes().buffer).number('loss')!.data[4], 7);
});

test('numbers take as many bytes as there are values', () => {
  const many = Array.from({ length: 70_000 }, (_, i) => `/f${i}/a.jpg`);
  const builder = new ImageListBuilder();
  const label = new ChoiceBuilder({ id: 'label' });
  for (const path of many.slice(0, 300)) label.set(builder.add(path), path);
  const short = builder.list([label]);
  assert.ok(short.choice('label')!.data instanceof Uint16Array);
  for (const path of many.slice(300)) label.set(builder.add(path), path);
  const long = ImageList.of(builder.list([label]).toBytes().buffer);
  assert.ok(long.choice('label')!.data instanceof Uint32Array);
  assert.equal(long.pathAt(69_999), '/f69999/a.jpg');
});

test('an empty list is a list', () => {
  assert.equal(ImageList.of(build([]).toBytes().buffer).length, 0);
});

test('bytes that are no list, or cut short, are refused', () => {
  const bytes = build(paths).toBytes();
  for (const length of [0, 4, 11, 40, bytes.length - 8])
    assert.throws(() => ImageList.of(bytes.slice(0, length).buffer), ImageListDamaged, String(length));
  const other = bytes.slice();
  other[0] = 0;
  assert.throws(() => ImageList.of(other.buffer), ImageListDamaged);
});
