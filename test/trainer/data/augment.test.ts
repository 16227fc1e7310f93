/** Random crops and erased parts: inside the image, with the given area and ratio, the same for the same seed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomCrop, randomErasing } from '../../../src/trainer/data/augment.js';
import { Random } from '../../../src/trainer/core/random.js';

const range = { scale: [0.5, 1] as [number, number], ratio: [3 / 4, 4 / 3] as [number, number] };

test('crops are within the image, with the given area and ratio', () => {
  for (const [width, height] of [
    [258, 344],
    [64, 64],
    [500, 400],
  ] as const)
    for (let i = 0; i < 2000; i++) {
      const { left, top, width: w, height: h } = randomCrop(new Random(1, i), width, height, range);
      assert.ok(left >= 0 && top >= 0 && w >= 1 && h >= 1 && left + w <= width && top + h <= height);
      // Sides are whole pixels: half of one on either side.
      assert.ok(
        (w + 0.5) * (h + 0.5) >= 0.5 * width * height && w / h >= (3 / 4) * 0.97 && w / h <= (4 / 3) * 1.03,
        `${String(w)} x ${String(h)}`,
      );
    }
});

test('crops differ, fill the range of area, and reach every side', () => {
  const crops = Array.from({ length: 2000 }, (_, i) => randomCrop(new Random(2, i), 100, 100, range));
  const areas = crops.map(({ width, height }) => (width * height) / 10_000).sort((a, b) => a - b);
  assert.ok(areas[0]! < 0.52 && areas.at(-1)! > 0.95);
  assert.ok(crops.some(({ left }) => left === 0) && crops.some(({ left, width }) => left + width === 100));
  assert.ok(
    crops.some(({ width, height }) => width > height * 1.25) &&
      crops.some(({ width, height }) => height > width * 1.25),
  );
  assert.deepEqual(randomCrop(new Random(2, 7), 100, 100, range), crops[7]);
});

test('an image that no crop of that ratio fits gives its middle', () => {
  assert.deepEqual(randomCrop(new Random(1), 1000, 30, range), { left: 480, top: 0, width: 40, height: 30 });
  assert.deepEqual(randomCrop(new Random(1), 30, 1000, range), { left: 0, top: 480, width: 30, height: 40 });
  assert.deepEqual(randomCrop(new Random(1), 1, 1, range), { left: 0, top: 0, width: 1, height: 1 });
  assert.deepEqual(randomCrop(new Random(1), 1, 500, range), { left: 0, top: 249, width: 1, height: 1 });
});

test('random erasing makes noise of one rectangle of 2 to 33 % of the image, with the given probability', () => {
  const [width, height] = [40, 30];
  let erased = 0;
  const shares: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const pixels = new Uint8Array(width * height * 3);
    randomErasing(new Random(3, i), pixels, width, height, 0.25);
    const changed = Array.from({ length: width * height }, (_, at) => at).filter((at) =>
      pixels.subarray(at * 3, at * 3 + 3).some((value) => value !== 0),
    );
    if (!changed.length) continue;
    erased++;
    const [xs, ys] = [changed.map((at) => at % width), changed.map((at) => Math.floor(at / width))];
    const area = (Math.max(...xs) - Math.min(...xs) + 1) * (Math.max(...ys) - Math.min(...ys) + 1);
    // A pixel of three zeros is noise too, one in 16 million: the rectangle is full.
    assert.equal(changed.length, area);
    shares.push(area / (width * height));
    const bytes = changed.flatMap((at) => [...pixels.subarray(at * 3, at * 3 + 3)]);
    if (bytes.length > 300) assert.ok(Math.abs(bytes.reduce((a, b) => a + b) / bytes.length - 127.5) < 25);
  }
  assert.ok(Math.abs(erased / 2000 - 0.25) < 0.04);
  assert.ok(
    Math.min(...shares) > 0.013 &&
      Math.min(...shares) < 0.04 &&
      Math.max(...shares) > 0.28 &&
      Math.max(...shares) < 0.36,
  );
});

test('random erasing with probability 0 changes nothing, and an image too small for it stays', () => {
  const pixels = new Uint8Array(300);
  for (let i = 0; i < 100; i++) randomErasing(new Random(4, i), pixels, 10, 10, 0);
  assert.ok(pixels.every((value) => value === 0));
  randomErasing(new Random(4), new Uint8Array(3), 1, 1, 1);
});
