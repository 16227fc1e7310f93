/** BMP and ICO of every kind, and broken ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBmp, readIco, tooManyPixels } from '../../../src/trainer/data/bitmap.js';
import { Random } from '../../../src/trainer/core/random.js';
import { makeBmp, makeDib, makeIco, paletteOf, type BmpKind } from './bitmapFiles.js';
import { encoded } from './images.js';

const [width, height] = [13, 5];
const within = (pixels: number): void => {
  if (pixels > 1e6) throw new Error(tooManyPixels(1e6));
};
const kinds: BmpKind[] = [
  { bits: 1 },
  { bits: 4 },
  { bits: 8 },
  { bits: 16 },
  { bits: 24 },
  { bits: 32 },
  { bits: 8, topDown: true },
  { bits: 24, topDown: true },
  { bits: 1, core: true },
  { bits: 8, core: true },
  { bits: 24, core: true },
  { bits: 8, compression: 1 },
  { bits: 4, compression: 2 },
  { bits: 16, compression: 3 },
  { bits: 32, compression: 3 },
];

/** What a stored colour comes back as: 16-bit pixels keep 5 or 6 bits a channel. */
function stored([r, g, b]: [number, number, number], { bits, compression }: BmpKind): number[] {
  const keep = (v: number, n: number) => Math.round(((v >> (8 - n)) / (2 ** n - 1)) * 255);
  return bits === 16 ? [keep(r, 5), keep(g, compression === 3 ? 6 : 5), keep(b, 5)] : [r, g, b];
}

for (const kind of kinds)
  test(`reads BMP ${JSON.stringify(kind)}`, () => {
    const at = (x: number, y: number) => (x * 7 + y * 3) % 2 ** Math.min(kind.bits, 8);
    const bitmap = readBmp(makeBmp(width, height, kind, at), within);
    assert.deepEqual([bitmap.width, bitmap.height], [width, height]);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const pixel = [...bitmap.data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
        assert.deepEqual(pixel, [...stored(paletteOf(kind.bits)[at(x, y)]!, kind), 255], `${String(x)}, ${String(y)}`);
      }
  });

test('reads the largest image of an icon, its mask as transparency', () => {
  const masked = (x: number, y: number) => x < y;
  const { dib } = makeDib(8, 8, { bits: 4 }, (x) => x, masked);
  const small = makeDib(
    4,
    4,
    { bits: 32 },
    () => 1,
    () => false,
  ).dib;
  const icon = readIco(
    makeIco([
      { side: 4, bits: 32, content: small },
      { side: 8, bits: 4, content: dib },
    ]),
    within,
  );
  assert.ok('bitmap' in icon);
  assert.deepEqual([icon.bitmap.width, icon.bitmap.height], [8, 8]);
  for (let y = 0; y < 8; y++)
    for (let x = 0; x < 8; x++)
      assert.deepEqual(
        [...icon.bitmap.data.subarray((y * 8 + x) * 4, (y * 8 + x) * 4 + 4)],
        [...paletteOf(4)[x]!, masked(x, y) ? 0 : 255],
      );
});

test('hands out a PNG inside an icon', async () => {
  const png = await encoded(256, 256, 1);
  const icon = readIco(makeIco([{ side: 256, bits: 32, content: png }]), within);
  assert.ok('png' in icon && Buffer.from(icon.png).equals(png));
});

test('refuses truncated, damaged or too large files with a message or a RangeError, never otherwise', () => {
  const good = kinds.map((kind) => makeBmp(width, height, kind, () => 1));
  const random = new Random(1);
  for (const file of good) {
    for (let length = 0; length < file.length; length++) {
      try {
        readBmp(file.subarray(0, length), within);
        // The end of runs may be missing without a loss of pixels; nothing else may.
        assert.ok(
          file.readUInt16LE(14) === 40 && [1, 2].includes(file.readUInt32LE(30)),
          `a file cut to ${String(length)} bytes was read`,
        );
      } catch (error) {
        assert.ok(error instanceof RangeError || (error as Error).message.startsWith('its '), String(error));
      }
    }
    for (let round = 0; round < 300; round++) {
      const broken = Buffer.from(file);
      for (let i = 0; i < 3; i++) broken[14 + random.below(broken.length - 14)] = random.below(256);
      try {
        readBmp(broken, within);
      } catch (error) {
        assert.ok(error instanceof RangeError || /^it/.test((error as Error).message), String(error));
      }
    }
  }
  const huge = makeBmp(width, height, { bits: 24 }, () => 0);
  huge.writeInt32LE(100_000, 18);
  huge.writeInt32LE(100_000, 22);
  assert.throws(() => readBmp(huge, within), /too many pixels/);
  assert.throws(() => readIco(makeIco([]), within), /no image/);
});
