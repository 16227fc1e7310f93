/** Images with other samples than 8-bit, as microscopes, scanners and scientific programs write them. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import { evaluationPixels, trainingPixels } from '../../../src/trainer/data/decode.js';
import { sampleRangeOf } from '../../../src/trainer/data/sampleRange.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { crc32, temporaryFolder } from './images.js';
import { makeTiff, type TiffOptions } from './tiffFiles.js';

const [width, height] = [40, 24];
const size = { width, height };
const asIs = { height, width, resize: { height, width }, crop: false, kernel: 'linear' as const };
const count = width * height;

/** From 0 to 1, each pixel another. */
const ramp = Float64Array.from({ length: count }, (_, i) => i / (count - 1));
const grey = Uint8Array.from({ length: 3 * count }, (_, i) => Math.round(255 * ramp[Math.floor(i / 3)]!));

async function decoded(t: TestContext, bytes: Uint8Array, name = 'a.tif'): Promise<Uint8Array> {
  const path = join(await temporaryFolder(t), name);
  await writeFile(path, bytes);
  const pixels = await evaluationPixels(path, asIs);
  // Training sees what evaluation sees.
  assert.deepEqual(Buffer.from((await trainingPixels(path, asIs)).data), Buffer.from(pixels));
  return pixels;
}

function assertClose(found: Uint8Array, expected: Uint8Array, most: number, words: string): void {
  assert.equal(found.length, expected.length);
  const difference = found.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!)), 0);
  assert.ok(difference <= most, `${words}: differs by ${difference}`);
}

test('grey of every sample format fills black to white', async (t) => {
  const scaled = (factor: number, offset = 0) => ramp.map((value) => Math.round(factor * value + offset));
  const max = (id: number, value: number, isFloat = false): TiffOptions['tags'] => [{ id, values: [value], isFloat }];
  const files: [words: string, bytes: Buffer, most: number][] = [
    ['8 bits in 16', makeTiff(Uint16Array.from(scaled(255)), size), 0],
    ['10 bits in 16', makeTiff(Uint16Array.from(scaled(1023)), size), 1],
    ['12 bits in 16', makeTiff(Uint16Array.from(scaled(4095)), size), 1],
    ['12 bits in 16, big-endian', makeTiff(Uint16Array.from(scaled(4095)), { ...size, isBigEndian: true }), 1],
    ['14 bits in 16', makeTiff(Uint16Array.from(scaled(16383)), size), 1],
    ['16 bits', makeTiff(Uint16Array.from(scaled(65535)), size), 1],
    ['32 bits', makeTiff(Uint32Array.from(scaled(4e9)), size), 1],
    ['12 bits in 32', makeTiff(Uint32Array.from(scaled(4095)), size), 1],
    ['32 bits with a sign', makeTiff(Int32Array.from(scaled(4e9, -2e9)), size), 1],
    ['16 bits with a sign', makeTiff(Int16Array.from(scaled(3000, -1000)), size), 1],
    ['16 bits with a sign, none negative', makeTiff(Int16Array.from(scaled(4095)), size), 1],
    ['8 bits with a sign', makeTiff(Int8Array.from(scaled(200, -100)), size), 1],
    ['floats to 1', makeTiff(Float32Array.from(ramp), size), 1],
    [
      'floats to 255',
      makeTiff(
        Float32Array.from(ramp, (value) => 255 * value),
        size,
      ),
      1,
    ],
    [
      'floats to 65535',
      makeTiff(
        Float32Array.from(ramp, (value) => 65535 * value),
        size,
      ),
      1,
    ],
    [
      'floats to 1e9',
      makeTiff(
        Float32Array.from(ramp, (value) => 1e9 * value),
        size,
      ),
      1,
    ],
    [
      'floats from -1',
      makeTiff(
        Float32Array.from(ramp, (value) => 2 * value - 1),
        size,
      ),
      1,
    ],
    ['white is 0', makeTiff(Uint16Array.from(scaled(-4095, 4095)), { ...size, photometric: 0 }), 1],
  ];
  for (const [words, bytes, most] of files) assertClose(await decoded(t, bytes), grey, most, words);
  // Half as bright, by what the file says.
  const half = grey.map((value) => Math.round(value / 2));
  const declared: [string, Buffer][] = [
    ['MaxSampleValue', makeTiff(Uint16Array.from(scaled(1000)), { ...size, tags: max(281, 2000) })],
    ['SMaxSampleValue', makeTiff(Float32Array.from(ramp), { ...size, tags: max(341, 2, true) })],
  ];
  for (const [words, bytes] of declared) assertClose(await decoded(t, bytes), half, 1, words);
  // A maximum that the samples exceed says nothing.
  const wrong = makeTiff(Uint16Array.from(scaled(4095)), { ...size, tags: max(281, 255) });
  assertClose(await decoded(t, wrong), grey, 1, 'wrong MaxSampleValue');
});

test('colour keeps its proportions, transparency becomes white, and NaN becomes black', async (t) => {
  const colours = Float64Array.from({ length: 3 * count }, (_, i) => [1, 0.5, 0.25][i % 3]! * ramp[Math.floor(i / 3)]!);
  const expected = Uint8Array.from(colours, (value) => Math.round(255 * value));
  const rgb = { ...size, channels: 3 };
  const files: [string, Buffer][] = [
    [
      '12 bits',
      makeTiff(
        Uint16Array.from(colours, (value) => 4095 * value),
        rgb,
      ),
    ],
    ['floats', makeTiff(Float32Array.from(colours), rgb)],
    [
      '32 bits',
      makeTiff(
        Uint32Array.from(colours, (value) => 4e9 * value),
        rgb,
      ),
    ],
    [
      'with a sign',
      makeTiff(
        Int16Array.from(colours, (value) => 4095 * value),
        rgb,
      ),
    ],
  ];
  for (const [words, bytes] of files) assertClose(await decoded(t, bytes), expected, 1, words);

  const clear = Uint16Array.from({ length: 2 * count }, (_, i) => (i % 2 ? 0 : 4095));
  const alpha = makeTiff(clear, { ...size, channels: 2, photometric: 1, tags: [{ id: 338, values: [2] }] });
  assert.ok((await decoded(t, alpha)).every((value) => value === 255));

  const odd = Float32Array.from(ramp);
  [odd[3], odd[4], odd[5]] = [NaN, Infinity, -Infinity];
  const pixels = await decoded(t, makeTiff(odd, size));
  assert.deepEqual([pixels[9], pixels[12], pixels[15]], [0, 255, 0]);
  assert.equal(pixels.at(-1), 255);
});

test('a channel next to RGB that is not transparency is left out', async (t) => {
  const samples = Uint8Array.from({ length: 4 * count }, (_, i) => [200, 100, 50, 0][i % 4]!);
  const infrared = makeTiff(samples, { ...size, channels: 4, tags: [{ id: 338, values: [0] }] });
  assert.deepEqual([...(await decoded(t, infrared)).subarray(0, 3)], [200, 100, 50]);
  const transparent = makeTiff(samples, { ...size, channels: 4, tags: [{ id: 338, values: [2] }] });
  assert.deepEqual([...(await decoded(t, transparent)).subarray(0, 3)], [255, 255, 255]);
});

test('samples that are not an image are refused in plain words', async (t) => {
  const channels = (n: number) =>
    makeTiff(new Uint8Array(n * count), {
      ...size,
      channels: n,
      photometric: 1,
      tags: n > 1 ? [{ id: 338, values: Array<number>(n - 1).fill(0) }] : [],
    });
  const cases: [Buffer, RegExp][] = [
    [channels(5), /5 channels/],
    [channels(2), /2 channels/],
    [makeTiff(new Float64Array(count), size), /64 bits/],
    [makeTiff(new Float32Array(count).fill(NaN), size), /none of its samples is a number/],
  ];
  for (const [bytes, words] of cases) {
    await assert.rejects(decoded(t, bytes), (error) => {
      assert.ok(error instanceof UserError && error.code === 'IMAGE_UNREADABLE', String(error));
      assert.match(error.message, words);
      assert.doesNotMatch(error.message, /vips|expected 3/);
      return true;
    });
  }
});

test('16-bit PNG whose samples use fewer bits', async (t) => {
  const png = (samples: Uint16Array, channels: 1 | 3 | 4 = 1) =>
    sharp(samples, { raw: { ...size, channels } })
      .toColourspace(channels === 1 ? 'grey16' : 'rgb16')
      .png()
      .toBuffer();
  for (const white of [255, 4095, 65535]) {
    const bytes = await png(Uint16Array.from(ramp, (value) => Math.round(white * value)));
    assert.equal(bytes[24], 16, 'the file has 16 bits');
    assertClose(await decoded(t, bytes, 'a.png'), grey, 1, String(white));
  }
  // sBIT of 11 bits says what is white where the samples are below that.
  const low = await png(Uint16Array.from(ramp, (value) => Math.round(1000 * value)));
  const chunk = Buffer.from([0, 0, 0, 1, 0x73, 0x42, 0x49, 0x54, 11, 0, 0, 0, 0]);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 9)), 9);
  const declared = Buffer.concat([low.subarray(0, 33), chunk, low.subarray(33)]);
  const expected = grey.map((value) => Math.round((value * 1000) / 2047));
  assertClose(await decoded(t, declared, 'a.png'), expected, 1, 'sBIT');
  const clear = Uint16Array.from({ length: 4 * count }, (_, i) => [4095, 0, 2047, 4095][i % 4]!);
  assert.deepEqual([...(await decoded(t, await png(clear, 4), 'a.png')).subarray(0, 3)], [255, 0, 127]);
});

test('the range of samples', () => {
  const range = (samples: Uint16Array | Int16Array | Float32Array, declared = {}) =>
    sampleRangeOf(samples, () => true, declared);
  assert.deepEqual(range(Uint16Array.of(0, 300)), { black: 0, white: 1023 });
  assert.deepEqual(range(Uint16Array.of(0, 300), { white: 300 }), { black: 0, white: 300 });
  assert.deepEqual(range(Uint16Array.of(100, 300), { black: 100, white: 400 }), { black: 100, white: 400 });
  assert.deepEqual(range(Int16Array.of(-5, 300)), { black: -5, white: 300 });
  assert.deepEqual(range(Float32Array.of(0, 0.25)), { black: 0, white: 1 });
  assert.deepEqual(range(Float32Array.of(0, 0.25, NaN, Infinity)), { black: 0, white: 1 });
  assert.deepEqual(range(Float32Array.of(0, 70_000)), { black: 0, white: 70_000 });
  assert.equal(range(Float32Array.of(NaN)), undefined);
});

test('YCbCr TIFF without JPEG: a colour for each pixel, or one for several', async (t) => {
  const of = (r: number, g: number, b: number) =>
    [
      0.299 * r + 0.587 * g + 0.114 * b,
      128 - 0.168736 * r - 0.331264 * g + 0.5 * b,
      128 + 0.5 * r - 0.418688 * g - 0.081312 * b,
    ].map(Math.round);
  const colour = [200, 90, 40] as const;
  const [y, cb, cr] = of(...colour) as [number, number, number];
  const expected = Uint8Array.from({ length: 3 * count }, (_, i) => colour[i % 3]!);
  const tags = (across: number, down: number) => [{ id: 530, values: [across, down] }];
  const whole = Uint8Array.from({ length: 3 * count }, (_, i) => [y, cb, cr][i % 3]!);
  const o = { ...size, channels: 3, photometric: 6 };
  assertClose(await decoded(t, makeTiff(whole, { ...o, tags: tags(1, 1) })), expected, 2, '1 x 1');
  // A file that does not say so, but holds a colour for each pixel.
  assertClose(await decoded(t, makeTiff(whole, o)), expected, 2, 'not said');
  for (const [across, down] of [
    [2, 1],
    [2, 2],
    [4, 1],
  ] as const) {
    const block = [...Array<number>(across * down).fill(y), cb, cr];
    const blocks = Math.ceil(width / across) * Math.ceil(height / down);
    const samples = Uint8Array.from({ length: block.length * blocks }, (_, i) => block[i % block.length]!);
    const bytes = makeTiff(samples, { ...o, tags: tags(across, down) });
    assertClose(await decoded(t, bytes), expected, 2, `${across} x ${down}`);
    await assert.rejects(decoded(t, bytes.subarray(0, -9)), /too early|supported/);
  }
});
