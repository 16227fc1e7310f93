/** HEIC files: the pixels of another decoder, colours followed, turned once, and everything else refused in words. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { checkImage, evaluationPixels, trainingPixels, type Pixels } from '../../../src/trainer/data/decode.js';
import { PixelWorkers } from '../../../src/trainer/data/pixelWorkers.js';
import { squareTransform } from '../../../src/trainer/data/transform.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { drawing, temporaryFolder } from './images.js';

const folder = join(import.meta.dirname, 'heic');
const file = (name: string): string => join(folder, name);
const [width, height] = [95, 71];

/** All pixels, neither enlarged nor reduced. */
async function pixelsOf(path: string): Promise<Pixels> {
  const size = await checkImage(path);
  const asIs = { ...size, resize: { height: size.height, width: size.width }, crop: false, kernel: 'linear' as const };
  return { width: size.width, height: size.height, data: await evaluationPixels(path, asIs) };
}

function difference(a: Uint8Array, b: Uint8Array): { mean: number; most: number } {
  assert.equal(a.length, b.length);
  const each = Array.from(a, (v, i) => Math.abs(v - b[i]!));
  return { mean: each.reduce((sum, v) => sum + v, 0) / each.length, most: Math.max(...each) };
}

async function refused(path: string): Promise<string> {
  const error = await evaluationPixels(path, squareTransform(8)).then(
    () => assert.fail(`${path} is read`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UserError, String((error as Error).stack));
  assert.deepEqual([error.code, error.place.file], ['IMAGE_UNREADABLE', path]);
  return error.message;
}

const compared = readdirSync(folder).filter((name) => name.endsWith('.png'));
for (const name of compared.map((png) => basename(png, '.png')))
  test(`${name}: the pixels are those of another decoder`, async () => {
    const own = await pixelsOf(file(`${name}.heic`));
    const other = await sharp(file(`${name}.png`))
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    assert.deepEqual([own.width, own.height], [other.info.width, other.info.height]);
    const { mean, most } = difference(own.data, other.data);
    assert.ok(mean <= 0.6 && most <= 3, `${String(mean)} ${String(most)}`);
  });

test('a lossless file gives the very pixels, whatever its name, also to training', async (t) => {
  assert.equal(compared.length, 12);
  const renamed = join(await temporaryFolder(t), 'photo.jpg');
  await writeFile(renamed, await readFile(file('lossless.heic')));
  assert.ok(Buffer.from((await pixelsOf(renamed)).data).equals(drawing(width, height, 3)));
  const workers = new PixelWorkers(1);
  t.after(() => workers.close());
  const image = { path: renamed, place: undefined, isWanted: true, sample: 0 };
  const transform = squareTransform(16);
  const reply = await workers.run({ transform, images: [image], batchSize: 1, augmenting: undefined });
  assert.deepEqual(reply.unreadable, []);
  assert.ok(Buffer.from(reply.images).equals(await evaluationPixels(renamed, transform)));
});

/** From Display P3 to sRGB; the matrix is that of CSS Color 4. */
function ofDisplayP3(stored: Uint8Array): Uint8Array {
  const linear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const encode = (v: number) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
  const matrix = [
    [1.22494, -0.22494, 0],
    [-0.042057, 1.042057, 0],
    [-0.019638, -0.078636, 1.098274],
  ] as const;
  return stored.map((_, i) => {
    const at = i - (i % 3);
    const sum = matrix[i % 3]!.reduce<number>((all, share, c) => all + share * linear(stored[at + c]! / 255), 0);
    return Math.round(255 * encode(Math.min(1, Math.max(0, sum))));
  });
}

test('colours are followed, named by numbers or by an ICC profile', async () => {
  const drawn = drawing(width, height, 3);
  const expected = ofDisplayP3(drawn);
  assert.ok(difference(drawn, expected).mean > 5, 'sRGB has other numbers');
  const byNumbers = difference((await pixelsOf(file('display p3.heic'))).data, expected);
  assert.ok(byNumbers.mean <= 0.6 && byNumbers.most <= 4, JSON.stringify(byNumbers));
  // The file is lossy.
  const byProfile = difference((await pixelsOf(file('profile.heic'))).data, expected);
  assert.ok(byProfile.mean <= 2.5, JSON.stringify(byProfile));
});

test('the EXIF data say when and by what, and turn nothing', async () => {
  // They claim a quarter turn, and so does the file: it is applied once.
  const { format, look, ...size } = await checkImage(file('camera.heic'));
  assert.deepEqual([format, size.width, size.height], ['HEIC', height, width]);
  assert.equal(look.camera, 'Acme Phone 1');
  assert.equal(look.time, Date.UTC(2024, 4, 17, 12, 30, 5) / 1000);
});

test('high dynamic range and other compressions are refused by name', async () => {
  assert.match(await refused(file('pq.heic')), /high dynamic range \(PQ\)/);
  assert.match(await refused(file('jpeg inside.heif')), /does not read this kind of HEIF/);
});

test('hostile and broken files are refused in words', async (t) => {
  const work = await temporaryFolder(t);
  const write = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(work, name), bytes);
    return join(work, name);
  };
  assert.match(await refused(await write('empty.heic', Buffer.alloc(0))), /empty/);
  for (const name of ['lossless.heic', 'grid rotated.heic', 'alpha.heic']) {
    const bytes = await readFile(file(name));
    for (const share of [0.05, 0.3, 0.6, 0.9, 0.999])
      await refused(await write('cut.heic', bytes.subarray(0, Math.ceil(share * bytes.length))));
  }
  const sized = async (name: string, w: number, h: number) => {
    const bytes = await readFile(file('lossless.heic'));
    for (let at = bytes.indexOf('ispe'); at >= 0; at = bytes.indexOf('ispe', at + 4)) {
      bytes.writeUInt32BE(w, at + 8);
      bytes.writeUInt32BE(h, at + 12);
    }
    return write(name, bytes);
  };
  assert.match(await refused(await sized('bomb.heic', 30_000, 30_000)), /too many pixels/);
  assert.match(await refused(await sized('large.heic', 13_000, 13_000)), /MB of memory, more than 335 MB/);
  await refused(await sized('none.heic', 0, 0));
  await refused(await sized('other.heic', 16, 16));
});

test('a damaged byte gives pixels or a reason, and the next file is read', async (t) => {
  const path = join(await temporaryFolder(t), 'damaged.heic');
  const whole = await readFile(file('grid rotated.heic'));
  for (let i = 0; i < 60; i++) {
    const bytes = Buffer.from(whole);
    const at = i < 40 ? i * 17 : Math.floor((whole.length * i) / 60);
    bytes[at] = bytes[at]! ^ (1 << (i % 8));
    await writeFile(path, bytes);
    await trainingPixels(path, squareTransform(8)).catch((error: unknown) => assert.ok(error instanceof UserError));
  }
  await writeFile(path, whole);
  assert.equal((await pixelsOf(path)).width, height);
});
