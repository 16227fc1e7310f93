/**
 * Mixup and CutMix: the pixels and targets that PyTorch was given (test/golden/regularization.py), and what is drawn.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawMixing, mixImages, mixTargets, type Mixing } from '../../../src/trainer/data/mixing.js';
import { Random } from '../../../src/trainer/core/random.js';

const size = { width: 20, height: 12 };
const drawn = (options: { mixup: number; cutmix: number }, count = 8, n = 4000): Mixing[] =>
  Array.from({ length: n }, (_, i) => drawMixing(new Random(1, i), count, size, options)!);
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test('off means nothing is mixed', () =>
  assert.equal(drawMixing(new Random(1), 8, size, { mixup: 0, cutmix: 0 }), undefined));

test('mixup draws its share from Beta(alpha, alpha) and pairs the images of the batch', () => {
  for (const alpha of [0.2, 1, 4]) {
    const list = drawn({ mixup: alpha, cutmix: 0 });
    assert.ok(list.every(({ region }) => !region));
    const shares = list.map(({ lambda }) => lambda);
    // Mean 1/2, variance 1 / (4 (2 alpha + 1)).
    assert.ok(Math.abs(mean(shares) - 0.5) < 0.02);
    assert.ok(Math.abs(mean(shares.map((share) => (share - 0.5) ** 2)) * 4 * (2 * alpha + 1) - 1) < 0.1);
    for (const { partners } of list) assert.deepEqual([...partners].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.equal(new Set(list.map(({ partners }) => partners[0])).size, 8);
  }
});

test("CutMix's region lies in the image and lambda is the share that stays", () => {
  const list = drawn({ mixup: 0, cutmix: 1 });
  for (const { lambda, region } of list) {
    const { left, top, width, height } = region!;
    assert.ok(
      left >= 0 && top >= 0 && width >= 0 && height >= 0 && left + width <= size.width && top + height <= size.height,
    );
    assert.equal(lambda, 1 - (width * height) / (size.width * size.height));
  }
  for (const side of ['left', 'top'] as const)
    assert.ok(list.some(({ region }) => region![side] === 0) && list.some(({ region }) => region![side] > 5));
  assert.ok(list.some(({ lambda }) => lambda < 0.3) && list.some(({ lambda }) => lambda > 0.9));
});

test('where both are on, each batch gets one of them, evenly', () => {
  const cut = mean(drawn({ mixup: 0.2, cutmix: 1 }).map(({ region }) => (region ? 1 : 0)));
  assert.ok(Math.abs(cut - 0.5) < 0.04);
});

test('a batch of one image is mixed with itself: nothing changes', () => {
  for (let i = 0; i < 50; i++) {
    const mixing = drawMixing(new Random(2, i), 1, { width: 2, height: 1 }, { mixup: 0.5, cutmix: 0.5 })!;
    const images = Uint8Array.of(0, 1, 100, 200, 254, 255);
    mixImages(images, { width: 2, height: 1 }, mixing);
    assert.deepEqual([...images], [0, 1, 100, 200, 254, 255]);
    const targets = Float32Array.of(0, 1);
    mixTargets(targets, 2, mixing);
    assert.ok(Math.abs(targets[1]! - 1) < 1e-6);
  }
});

test('pixels: mixup rounds, CutMix copies the region, padding stays black', () => {
  const images = () => Uint8Array.from({ length: 3 * 12 }, (_, i) => (i < 24 ? 10 * (i % 12) + (i < 12 ? 0 : 100) : 0));
  const mixedUp = images();
  mixImages(mixedUp, { width: 2, height: 2 }, { lambda: 0.75, partners: [1, 0] });
  assert.deepEqual([...mixedUp.subarray(0, 2)], [25, 35]);
  assert.deepEqual([...mixedUp.subarray(12, 14)], [75, 85]);
  const half = Uint8Array.of(0, 0, 0, 255, 255, 255);
  mixImages(half, { width: 1, height: 1 }, { lambda: 0.5, partners: [1, 0] });
  assert.deepEqual([...half], [128, 128, 128, 128, 128, 128]);
  const cut = images();
  mixImages(
    cut,
    { width: 2, height: 2 },
    { lambda: 0.5, partners: [1, 0], region: { left: 1, top: 0, width: 1, height: 2 } },
  );
  assert.deepEqual([...cut.subarray(0, 12)], [0, 10, 20, 130, 140, 150, 60, 70, 80, 190, 200, 210]);
  assert.deepEqual([...cut.subarray(12, 18)], [100, 110, 120, 30, 40, 50]);
  for (const batch of [mixedUp, cut]) assert.ok(batch.subarray(24).every((value) => value === 0));
});

test('targets of any width: rows are mixed with their partners, padding stays', () => {
  const targets = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9);
  mixTargets(targets, 3, { lambda: 0.75, partners: [1, 2, 0] });
  assert.deepEqual([...targets], [0.75, 0.25, 0, 0, 0.75, 0.25, 0.25, 0, 0.75, 9, 9, 9]);
  // Flags of several labels: an image may have all or none.
  const flags = Float32Array.of(1, 1, 0, 0);
  mixTargets(flags, 2, { lambda: 0.5, partners: [1, 0] });
  assert.deepEqual([...flags], [0.5, 0.5, 0.5, 0.5]);
});
