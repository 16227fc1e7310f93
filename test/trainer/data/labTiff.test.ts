/** CIELab TIFF: found, relabelled, converted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labToSrgb, relabelledLab } from '../../../src/trainer/data/labTiff.js';
import { encoded } from './images.js';

test('known colours, in bytes as a Lab TIFF stores them', () => {
  // By LittleCMS, from sRGB to its Lab profile of D50.
  const colours: [number[], number[]][] = [
    [
      [255, 0, 0],
      [255, 255, 255],
    ],
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
    [
      [137, 0, 0],
      [128, 128, 128],
    ],
    [
      [138, 81, 70],
      [255, 0, 0],
    ],
    [
      [149, 28, 46],
      [200, 120, 60],
    ],
    [
      [94, 256 - 2, 256 - 39],
      [30, 90, 150],
    ],
  ];
  for (const [lab, expected] of colours) {
    const data = Uint8Array.from(lab);
    labToSrgb(data);
    expected.forEach((v, i) => assert.ok(Math.abs(data[i]! - v) <= 3, `${String(lab)}: ${String(data)}`));
  }
});

test('other TIFF files are left alone', async () => {
  assert.equal(relabelledLab(await encoded(8, 8, 1, 'tiff')), undefined);
  for (const bytes of [
    [],
    [0x49, 0x49, 42, 0],
    [0x49, 0x49, 42, 0, 255, 255, 255, 255],
    [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 255, 255],
  ])
    assert.equal(relabelledLab(Uint8Array.from(bytes)), undefined);
});

test('a Lab TIFF of either byte order is relabelled in a copy', () => {
  for (const little of [true, false]) {
    const file = new DataView(new ArrayBuffer(8 + 2 + 3 * 12 + 4 + 6));
    file.setUint16(0, little ? 0x4949 : 0x4d4d);
    file.setUint16(2, 42, little);
    file.setUint32(4, 8, little);
    file.setUint16(8, 3, little);
    const entry = (i: number, tag: number, count: number, value: number) => {
      file.setUint16(10 + 12 * i, tag, little);
      file.setUint16(12 + 12 * i, 3, little);
      file.setUint32(14 + 12 * i, count, little);
      if (count === 1) file.setUint16(18 + 12 * i, value, little);
      else file.setUint32(18 + 12 * i, value, little);
    };
    entry(0, 258, 3, 50);
    entry(1, 262, 1, 8);
    entry(2, 277, 1, 3);
    for (let i = 0; i < 3; i++) file.setUint16(50 + 2 * i, 8, little);
    const bytes = new Uint8Array(file.buffer);
    const copy = relabelledLab(bytes)!;
    assert.deepEqual(
      [...copy.keys()].filter((i) => copy[i] !== bytes[i]),
      [little ? 30 : 31],
    );
    assert.equal(copy[little ? 30 : 31], 2);
  }
});
