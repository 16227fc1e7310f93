/** Thumbnails: upright, small, kept on disk and made again when the image or the kept file is another. */
import assert from 'node:assert/strict';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { Thumbnails, thumbnailSide } from '../../../src/trainer/data/thumbnails.js';
import { temporaryFolder } from './images.js';

const keptIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true }))
    .filter((name) => name.endsWith('.jpg'))
    .map((name) => join(folder, name));

const image = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } });

test('an image is small and upright, and a kept thumbnail is used while the file stays as it is', async (t) => {
  const folder = await temporaryFolder(t);
  const [path, cache] = [join(folder, 'photo.tif'), join(folder, 'cache')];
  await image(1200, 300, '#c03020').withMetadata({ orientation: 6 }).tiff().toFile(path);
  const thumbnails = new Thumbnails(cache, 1e9);
  const { width, height } = await sharp(await thumbnails.of(path)).metadata();
  assert.deepEqual([width, height], [thumbnailSide / 4, thumbnailSide]);
  const [kept] = await keptIn(cache);
  // A mark in the kept file shows that it is what is given.
  const other = await image(3, 3, '#000').jpeg().toBuffer();
  await writeFile(kept!, other);
  assert.deepEqual(Buffer.from(await thumbnails.of(path)), other);
  // Cut short, as by a power failure, it is made again.
  await writeFile(kept!, other.subarray(0, 40));
  assert.equal((await sharp(await thumbnails.of(path)).metadata()).height, thumbnailSide);
  assert.ok((await readFile(kept!)).length > 40);
  // Another file under the same name has another thumbnail.
  await image(40, 20, '#20c030').tiff().toFile(path);
  assert.equal((await sharp(await thumbnails.of(path)).metadata()).width, 40);
  assert.equal((await keptIn(cache)).length, 2);
});

test('an image that cannot be read says why, and leaves nothing', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'torn.jpg');
  await writeFile(path, 'This is no image.');
  const cache = join(folder, 'cache');
  await assert.rejects(new Thumbnails(cache, 1e9).of(path), UserError);
  await assert.rejects(new Thumbnails(cache, 1e9).of(join(folder, 'gone.jpg')), /does not exist/);
  assert.equal(await stat(cache).catch(() => undefined), undefined);
});

test('above the limit those used longest ago are removed; a limit of 0 keeps none; a disk that fails is no error', async (t) => {
  const folder = await temporaryFolder(t);
  const cache = join(folder, 'cache');
  const paths = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const path = join(folder, `${i}.png`);
      await image(300, 200 + i, '#3060c0')
        .png()
        .toFile(path);
      return path;
    }),
  );
  const thumbnails = new Thumbnails(cache, 1e9);
  for (const path of paths) await thumbnails.of(path);
  const kept = await keptIn(cache);
  const sizes = await Promise.all(kept.map(async (file) => (await stat(file)).size));
  await Promise.all(kept.map((file, i) => utimes(file, i + 1, i + 1)));
  const total = sizes.reduce((a, b) => a + b, 0);
  await new Thumbnails(cache, total - 1).sweep();
  const left = await keptIn(cache);
  assert.deepEqual([...left].sort(), kept.slice(kept.length - left.length).sort());
  assert.ok(left.length >= 5 && left.length < 8, String(left.length));

  const none = join(folder, 'none');
  await new Thumbnails(none, 0).of(paths[0]!);
  assert.equal(await stat(none).catch(() => undefined), undefined);
  assert.ok((await new Thumbnails(join(paths[0]!, 'below a file'), 1e9).of(paths[1]!)).length > 0);
});
