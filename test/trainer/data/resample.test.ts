/** The resampler of training against what resampling must do, and against Pillow's stored pixels. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { evaluationPixels } from '../../../src/trainer/data/decode.js';
import { Resampler } from '../../../src/trainer/data/resample.js';
import type { Kernel } from '../../../src/trainer/data/transform.js';
import { drawing, encoded, temporaryFolder } from './images.js';

const kernels: Kernel[] = ['nearest', 'linear', 'cubic', 'lanczos3'];
const resampler = new Resampler();
/** Resizes a part (default: all) of an image. */
function resize(
  source: Uint8Array,
  from: [number, number],
  to: [number, number],
  kernel: Kernel,
  part = { left: 0, top: 0, width: from[0], height: from[1] },
  mirrored = false,
): Uint8Array {
  const target = new Uint8Array(to[0] * to[1] * 3);
  resampler.resize(source, from[0], part, target, to[0], to[1], kernel, mirrored);
  return target;
}

test('the same size gives the same pixels, any size the same single colour', () => {
  const source = drawing(23, 17, 1);
  const flat = new Uint8Array(23 * 17 * 3).fill(200);
  for (const kernel of kernels) {
    assert.deepEqual(resize(source, [23, 17], [23, 17], kernel), source, kernel);
    for (const size of [
      [1, 1],
      [7, 40],
      [50, 5],
      [224, 224],
    ] as [number, number][])
      assert.ok(
        resize(flat, [23, 17], size, kernel).every((v) => v === 200),
        kernel,
      );
  }
});

test('halving weighs four neighbours 1, 3, 3, 1, as a triangle of twice the width does', () => {
  const row = [0, 0, 80, 160, 240, 80, 0, 0];
  const source = Uint8Array.from(row.flatMap((v) => [v, v, v]));
  const inner = (i: number) => (row[i - 1]! + 3 * row[i]! + 3 * row[i + 1]! + row[i + 2]!) / 8;
  const out = [...resize(source, [8, 1], [4, 1], 'linear')].filter((_, i) => i % 3 === 0);
  assert.deepEqual(out.slice(1, 3), [Math.round(inner(2)), Math.round(inner(4))]);
});

test('doubling puts pixel centres at a quarter and three quarters', () => {
  const source = Uint8Array.from([0, 0, 0, 100, 100, 100]);
  assert.deepEqual(
    [...resize(source, [2, 1], [4, 1], 'linear')].filter((_, i) => i % 3 === 0),
    [0, 25, 75, 100],
  );
  assert.deepEqual(
    [...resize(source, [2, 1], [4, 1], 'nearest')].filter((_, i) => i % 3 === 0),
    [0, 0, 100, 100],
  );
});

test('a part of an image is resized as if it were cut out first', () => {
  const source = drawing(30, 20, 2);
  const part = { left: 4, top: 3, width: 11, height: 13 };
  const cut = Uint8Array.from(
    { length: 11 * 13 * 3 },
    (_, i) => source[((part.top + Math.floor(i / 33)) * 30 + part.left) * 3 + (i % 33)]!,
  );
  for (const kernel of kernels)
    assert.deepEqual(resize(source, [30, 20], [16, 8], kernel, part), resize(cut, [11, 13], [16, 8], kernel), kernel);
});

test('mirrored means mirrored', () => {
  const source = drawing(30, 20, 2);
  for (const kernel of kernels) {
    const plain = resize(source, [30, 20], [16, 8], kernel);
    const mirrored = resize(source, [30, 20], [16, 8], kernel, undefined, true);
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 16; x++)
        for (let c = 0; c < 3; c++) assert.equal(mirrored[(y * 16 + x) * 3 + c], plain[(y * 16 + 15 - x) * 3 + c]);
  }
});

test("gives Pillow's pixels to the bit", async () => {
  const golden = fileURLToPath(new URL('../../golden/preprocessing/', import.meta.url));
  const [width, height] = [90, 60];
  const whole = await evaluationPixels(`${golden}waves.png`, {
    height,
    width,
    resize: { height, width },
    crop: false,
    kernel: 'linear',
  });
  const ours = resize(whole, [width, height], [32, 32], 'linear');
  assert.deepEqual(Buffer.from(ours), await readFile(`${golden}waves-vit.bin`));
});

test('an image far larger than the result is resized by the same arithmetic', async (t) => {
  const [width, height] = [500, 330];
  const source = drawing(width, height, 3);
  const file = join(await temporaryFolder(t), 'large.png');
  await writeFile(file, await encoded(width, height, 3));
  for (const kernel of kernels) {
    const [across, down] = [16, 12];
    const seen = await evaluationPixels(file, {
      height: down,
      width: across,
      resize: { height: down, width: across },
      crop: false,
      kernel,
    });
    assert.deepEqual(seen, resize(source, [width, height], [across, down], kernel), kernel);
  }
});
