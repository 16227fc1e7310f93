/** Random crops: inside the picture, of the asked area and ratio, the same for the same seed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomCrop } from '../../../src/trainer/data/augment.js';
import { Random } from '../../../src/trainer/random.js';

const range = { scale: [0.5, 1] as [number, number], ratio: [3 / 4, 4 / 3] as [number, number] };

test('crops lie within the picture, with area and ratio as asked', () => {
  for (const [width, height] of [
    [258, 344],
    [64, 64],
    [500, 400],
  ] as const)
    for (let i = 0; i < 2000; i++) {
      const { left, top, width: w, height: h } = randomCrop(new Random(1, i), width, height, range);
      assert.ok(left >= 0 && top >= 0 && w >= 1 && h >= 1 && left + w <= width && top + h <= height);
      // Sides are whole pixels: half of one on either side.
      assert.ok((w + 0.5) * (h + 0.5) >= 0.5 * width * height && w / h >= (3 / 4) * 0.97 && w / h <= (4 / 3) * 1.03, `${String(w)} x ${String(h)}`);
    }
});

test('crops differ, fill the range of area, and reach every side', () => {
  const crops = Array.from({ length: 2000 }, (_, i) => randomCrop(new Random(2, i), 100, 100, range));
  const areas = crops.map(({ width, height }) => (width * height) / 10_000).sort((a, b) => a - b);
  assert.ok(areas[0]! < 0.52 && areas.at(-1)! > 0.95);
  assert.ok(crops.some(({ left }) => left === 0) && crops.some(({ left, width }) => left + width === 100));
  assert.ok(crops.some(({ width, height }) => width > height * 1.25) && crops.some(({ width, height }) => height > width * 1.25));
  assert.deepEqual(randomCrop(new Random(2, 7), 100, 100, range), crops[7]);
});

test('a picture that no crop of that ratio fits gives its middle', () => {
  assert.deepEqual(randomCrop(new Random(1), 1000, 30, range), { left: 480, top: 0, width: 40, height: 30 });
  assert.deepEqual(randomCrop(new Random(1), 30, 1000, range), { left: 0, top: 480, width: 30, height: 40 });
  assert.deepEqual(randomCrop(new Random(1), 1, 1, range), { left: 0, top: 0, width: 1, height: 1 });
  assert.deepEqual(randomCrop(new Random(1), 1, 500, range), { left: 0, top: 249, width: 1, height: 1 });
});
