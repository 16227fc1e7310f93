/** `vitune map` from files to points: kept, cancelled, refused. */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImageList } from '../../../src/shared/imageList.js';
import type { CommandOutputs, MapPoint } from '../../../src/trainer/protocol.js';
import { temporaryFolder, writeTree } from '../data/images.js';
import { jsonLines, vitune } from './program.js';

type Line = CommandOutputs['map'];
const isPoint = (line: Line): line is MapPoint => line.type === 'point';

const photos = Object.fromEntries(
  ['cats', 'dogs'].flatMap((label, l) =>
    Array.from({ length: 8 }, (_, i) => [`${label}/${i}.png`, { seed: 20 * l + i, width: 40, height: 30 }]),
  ),
);

test('a map has a point for each image that can be read, and is kept until images, labels or model are others', async (t) => {
  const folder = await temporaryFolder(t);
  const root = join(folder, 'photos');
  await writeTree(root, { ...photos, 'cats/broken.png': 'no image' });
  const cache = join(folder, 'cache');
  const mapped = async (...more: string[]) => {
    const ended = await vitune(['map', root, '--json', ...more], { env: { VITUNE_CACHE: cache } });
    assert.equal(ended.code, 0, ended.stderr);
    const lines = jsonLines<Line>(ended.stdout);
    return { lines, points: lines.filter(isPoint), last: lines.at(-1)!, stderr: ended.stderr };
  };
  const first = await mapped();
  assert.match(first.stderr, /IMAGE_UNREADABLE[\s\S]*broken\.png/);
  assert.deepEqual(first.last, { type: 'map', images: 16, isKept: false });
  assert.equal(first.points.length, 16);
  for (const { path, x, y, label, split, prediction, probability } of first.points) {
    assert.ok(Number.isFinite(x) && Number.isFinite(y));
    assert.equal(label, path.split(/[\\/]/).at(-2));
    assert.ok(['train', 'validation'].includes(split));
    assert.ok(['cats', 'dogs'].includes(prediction!));
    assert.ok(probability! >= 0.5 && probability! <= 1);
  }
  const phases = new Set(first.lines.flatMap((line) => (line.type === 'progress' ? [line.phase] : [])));
  assert.deepEqual([...phases], ['look', 'features', 'compare', 'place']);

  const list = join(folder, 'map.images');
  const again = await mapped('--list', list);
  assert.deepEqual(again.last, { type: 'map', images: 16, isKept: true });
  assert.equal(again.points.length, 0);
  const bytes = await readFile(list);
  const read = ImageList.of(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer);
  assert.deepEqual(
    [...read.number('x')!.data],
    first.points.map(({ x }) => x),
  );
  assert.deepEqual(read.pathAt(3), first.points[3]!.path);

  // A damaged map is made again, and is the same.
  const maps = join(cache, 'maps');
  const [name] = await readdir(maps);
  await truncate(join(maps, name!), 40);
  const remade = await mapped();
  assert.deepEqual(remade.last, { type: 'map', images: 16, isKept: false });
  assert.deepEqual(remade.points, first.points);

  await rm(join(root, 'dogs', '7.png'));
  assert.deepEqual((await mapped()).last, { type: 'map', images: 15, isKept: false });
  assert.equal((await readdir(maps)).length, 2);
});

test('a map of fewer than five images that can be read is refused by name', async (t) => {
  const folder = await temporaryFolder(t);
  const root = join(folder, 'photos');
  await writeTree(root, {
    'cats/a.png': { seed: 1, width: 20, height: 20 },
    'cats/b.png': { seed: 2, width: 20, height: 20 },
    'dogs/a.png': { seed: 3, width: 20, height: 20 },
    'dogs/b.png': { seed: 4, width: 20, height: 20 },
  });
  await writeFile(join(root, 'dogs', 'c.png'), 'no image');
  const { code, stderr } = await vitune(['map', root], { env: { VITUNE_CACHE: join(folder, 'cache') } });
  assert.notEqual(code, 0);
  assert.match(stderr, /MAP_TOO_SMALL: .*photos.*: 4\./);
});
