/** Every kind of image becomes the same 8-bit RGB, and everything else an error in words. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { evaluationPixels, trainingPixels } from '../../../src/trainer/data/decode.js';
import { parsePreprocessor } from '../../../src/trainer/data/imageProcessor.js';
import { squareTransform } from '../../../src/trainer/data/transform.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { makeBmp, makeIco, paletteOf } from './bitmapFiles.js';
import { crc32, drawing, encoded, temporaryFolder } from './images.js';

const [width, height] = [40, 24];
const raw = { width, height, channels: 3 as const };
/** No resizing: what was drawn must come out. */
const asIs = { height, width, resize: { height, width }, crop: false, kernel: 'linear' as const };

function difference(a: Uint8Array, b: Uint8Array): { mean: number; most: number } {
  assert.equal(a.length, b.length);
  const each = Array.from(a, (v, i) => Math.abs(v - b[i]!));
  return { mean: each.reduce((sum, v) => sum + v, 0) / each.length, most: Math.max(...each) };
}

async function rejected(path: string): Promise<string> {
  for (const decode of [evaluationPixels, trainingPixels]) {
    await assert.rejects(decode(path, squareTransform(16)), (error) => {
      assert.ok(error instanceof UserError, `${path}: ${String((error as Error).stack)}`);
      assert.deepEqual([error.code, error.place.file], ['IMAGE_UNREADABLE', path]);
      return true;
    });
  }
  return evaluationPixels(path, squareTransform(16)).then(
    () => assert.fail(),
    (error: Error) => error.message,
  );
}

test('lossless files of every container give the very pixels', async (t) => {
  const folder = await temporaryFolder(t);
  const drawn = drawing(width, height, 3);
  const image = () => sharp(drawn, { raw });
  const files: Record<string, Buffer> = {
    'a.png': await image().png().toBuffer(),
    'b.webp': await image().webp({ lossless: true }).toBuffer(),
    'c.tif': await image().tiff({ compression: 'lzw' }).toBuffer(),
    'interlaced.png': await image().png({ progressive: true }).toBuffer(),
    'sixteen.png': await image().toColourspace('rgb16').png().toBuffer(),
    'opaque.png': await image().ensureAlpha().png().toBuffer(),
    'png named.jpg': await image().png().toBuffer(),
    'no ending': await image().png().toBuffer(),
  };
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(join(folder, name), bytes);
    assert.deepEqual(Buffer.from(await evaluationPixels(join(folder, name), asIs)), Buffer.from(drawn), name);
    const training = await trainingPixels(join(folder, name), asIs);
    assert.deepEqual(
      [training.width, training.height, Buffer.from(training.data).equals(drawn)],
      [width, height, true],
      name,
    );
  }
});

test('lossy, grey, palette, CMYK and animated files come close to what was drawn', async (t) => {
  const folder = await temporaryFolder(t);
  const drawn = drawing(width, height, 3);
  const image = () => sharp(drawn, { raw });
  const grey = await image().toColourspace('b-w').raw().toBuffer();
  const greyRgb = Uint8Array.from({ length: drawn.length }, (_, i) => grey[Math.floor(i / 3)]!);
  const second = await encoded(width, height, 9);
  const files: [string, Buffer, Uint8Array, number][] = [
    ['a.jpg', await image().jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer(), drawn, 3],
    ['a.avif', await image().avif({ quality: 90, chromaSubsampling: '4:4:4' }).toBuffer(), drawn, 4],
    ['cmyk.jpg', await image().toColourspace('cmyk').jpeg({ quality: 98 }).toBuffer(), drawn, 30],
    ['grey.jpg', await image().toColourspace('b-w').jpeg({ quality: 98 }).toBuffer(), greyRgb, 2],
    ['grey.png', await image().toColourspace('b-w').png().toBuffer(), greyRgb, 0],
    ['grey16.png', await image().toColourspace('grey16').png().toBuffer(), greyRgb, 1],
    ['palette.png', await image().png({ palette: true, colours: 256 }).toBuffer(), drawn, 8],
    [
      'animated.gif',
      await sharp([await image().png().toBuffer(), second], { join: { animated: true } })
        .gif()
        .toBuffer(),
      drawn,
      12,
    ],
    ['display p3.png', await image().withIccProfile('p3').png().toBuffer(), drawn, 2],
  ];
  for (const [name, bytes, expected, mean] of files) {
    await writeFile(join(folder, name), bytes);
    const found = difference(await evaluationPixels(join(folder, name), asIs), expected);
    assert.ok(found.mean <= mean, `${name}: ${String(found.mean)}`);
  }
});

test('a colour profile is followed, not ignored', async (t) => {
  const path = join(await temporaryFolder(t), 'p3.png');
  const red = Buffer.alloc(raw.width * raw.height * 3).map((_, i) => [200, 60, 60][i % 3]!);
  const stored = await sharp(red, { raw }).withIccProfile('p3').png().toBuffer();
  await writeFile(path, stored);
  const ignored = await sharp(stored, { ignoreIcc: true }).raw().toBuffer();
  assert.ok(difference(ignored, red).most > 5, 'the file must store other numbers than sRGB has');
  assert.ok(difference(await evaluationPixels(path, asIs), red).most <= 2);
});

test('transparency becomes white, before and after any resize', async (t) => {
  const path = join(await temporaryFolder(t), 'alpha.png');
  const half = Buffer.alloc(width * height * 4).map((_, i) => [255, 0, 0, 128][i % 4]!);
  await writeFile(
    path,
    await sharp(half, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer(),
  );
  for (const transform of [asIs, squareTransform(8), squareTransform(64)]) {
    const pixels = await evaluationPixels(path, transform);
    for (let i = 0; i < pixels.length; i += 3)
      assert.ok(
        pixels[i] === 255 && Math.abs(pixels[i + 1]! - 127) <= 1 && Math.abs(pixels[i + 2]! - 127) <= 1,
        String(pixels.subarray(i, i + 3)),
      );
  }
});

test('every EXIF orientation gives the upright image', async (t) => {
  const folder = await temporaryFolder(t);
  const drawn = drawing(width, height, 5);
  const source = (x: number, y: number) => drawn.subarray((y * width + x) * 3, (y * width + x) * 3 + 3);
  // Where the stored pixel (x, y) of an image of w x h belongs when seen upright (EXIF 2.32, table of tag 0x0112).
  const places: Record<number, (x: number, y: number, w: number, h: number) => [number, number]> = {
    1: (x, y) => [x, y],
    2: (x, y, w) => [w - 1 - x, y],
    3: (x, y, w, h) => [w - 1 - x, h - 1 - y],
    4: (x, y, _, h) => [x, h - 1 - y],
    5: (x, y) => [y, x],
    6: (x, y, _, h) => [h - 1 - y, x],
    7: (x, y, w, h) => [h - 1 - y, w - 1 - x],
    8: (x, y, w) => [y, w - 1 - x],
  };
  for (const [orientation, place] of Object.entries(places)) {
    const [w, h] = Number(orientation) >= 5 ? [height, width] : [width, height];
    const stored = new Uint8Array(width * height * 3);
    for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) stored.set(source(...place(x, y, w, h)), (y * w + x) * 3);
    const path = join(folder, `${orientation}.tif`);
    await writeFile(
      path,
      await sharp(stored, { raw: { width: w, height: h, channels: 3 } })
        .withMetadata({ orientation: Number(orientation) })
        .tiff({ compression: 'none' })
        .toBuffer(),
    );
    assert.equal((await sharp(path).metadata()).orientation, Number(orientation));
    assert.deepEqual(Buffer.from(await evaluationPixels(path, asIs)), Buffer.from(drawn), orientation);
  }
});

test('BMP and ICO, which sharp does not read', async (t) => {
  const folder = await temporaryFolder(t);
  const at = (x: number, y: number) => (x + y) % 256;
  await writeFile(join(folder, 'a.bmp'), makeBmp(width, height, { bits: 8 }, at));
  const expected = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => paletteOf(8)[at(Math.floor(i / 3) % width, Math.floor(i / 3 / width))]![i % 3]!,
  );
  assert.deepEqual(Buffer.from(await evaluationPixels(join(folder, 'a.bmp'), asIs)), Buffer.from(expected));
  const icon = await encoded(32, 32, 2);
  await writeFile(join(folder, 'a.ico'), makeIco([{ side: 32, bits: 32, content: icon }]));
  assert.deepEqual(
    Buffer.from(await evaluationPixels(join(folder, 'a.ico'), squareTransform(32))),
    Buffer.from(drawing(32, 32, 2)),
  );
});

test("pixels match those of transformers' image processors", async () => {
  const golden = fileURLToPath(new URL('../../golden/', import.meta.url));
  for (const name of ['vit', 'deit']) {
    const file = join(golden, 'models', name, 'preprocessor_config.json');
    const { transform } = parsePreprocessor(JSON.parse(await readFile(file, 'utf8')), file);
    const pixels = await evaluationPixels(join(golden, 'preprocessing', 'waves.png'), transform);
    const { mean, most } = difference(pixels, await readFile(join(golden, 'preprocessing', `waves-${name}.bin`)));
    assert.deepEqual({ mean, most }, { mean: 0, most: 0 }, name);
  }
});

test('hostile and broken files are refused in words', async (t) => {
  const folder = await temporaryFolder(t);
  const write = async (name: string, bytes: Uint8Array | string) => {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  };
  const noisy = (format: 'png' | 'jpeg' | 'webp' | 'gif' | 'tiff') => encoded(200, 200, 4, format);
  assert.match(await rejected(await write('empty.jpg', '')), /empty/);
  assert.match(await rejected(await write('page.jpg', '<!DOCTYPE html><html><body>404</body></html>')), /web page/);
  assert.match(await rejected(await write('junk.png', Buffer.alloc(5000, 7))), /not an image/);
  assert.match(
    await rejected(await write('drawing.png', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')),
    /SVG/,
  );
  const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
  assert.match(await rejected(await write('phone.jpg', heic)), /damaged|truncated/);
  assert.match(await rejected(join(folder, 'missing.jpg')), /does not exist/);
  await mkdir(join(folder, 'folder.jpg'));
  assert.match(await rejected(join(folder, 'folder.jpg')), /is a folder/);
  for (const format of ['png', 'jpeg', 'webp', 'gif', 'tiff'] as const) {
    const bytes = await noisy(format);
    await rejected(await write(`half.${format}`, bytes.subarray(0, bytes.length / 2)));
    await rejected(await write(`header.${format}`, bytes.subarray(0, 16)));
  }
  const jpeg = await noisy('jpeg');
  assert.match(await rejected(await write('cut.jpg', jpeg.subarray(0, -2))), /truncated/);
  const bomb = await noisy('png');
  bomb.writeUInt32BE(30_000, 16);
  bomb.writeUInt32BE(30_000, 20);
  // The checksum of the header chunk must fit for the size to be believed.
  bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
  assert.match(await rejected(await write('bomb.png', bomb)), /too many pixels/);
});

test('strips a pixel wide are read without filling the memory', async (t) => {
  const path = join(await temporaryFolder(t), 'strip.png');
  await writeFile(path, await encoded(1, 30_000, 1));
  const cropped = { height: 32, width: 32, resize: { shortestEdge: 32 }, crop: true, kernel: 'linear' as const };
  assert.equal((await evaluationPixels(path, cropped)).length, 32 * 32 * 3);
  assert.equal((await evaluationPixels(path, squareTransform(32))).length, 32 * 32 * 3);
  const { width: w, height: h } = await trainingPixels(path, squareTransform(32));
  assert.ok(w === 1 && h <= 8 * 37);
});

const odd = fileURLToPath(new URL('../../../../shared/data/odd/', import.meta.url));
test(
  'the collection of odd files behaves as its manifest says',
  { skip: existsSync(odd) ? false : 'the collection is not beside the checkout' },
  async (t) => {
    const rows = (await readFile(join(odd, 'manifest.csv'), 'utf8')).trim().split('\n').slice(1);
    assert.ok(rows.length > 50);
    for (const row of rows) {
      // Quoted fields come after the name only; the expectation is the one field with such a value.
      const file = row.slice(0, row.indexOf(','));
      const expected = /,(decode|error|either),/.exec(row)![1]!;
      await t.test(`${file}: ${expected}`, async () => {
        const read = () =>
          Promise.all([
            evaluationPixels(join(odd, file), squareTransform(32)),
            trainingPixels(join(odd, file), squareTransform(32)),
          ]);
        if (expected === 'error') await rejected(join(odd, file));
        else if (expected === 'decode') assert.equal((await read())[0].length, 32 * 32 * 3);
        else await read().catch((error: unknown) => assert.ok(error instanceof UserError, String(error)));
      });
    }
  },
);
