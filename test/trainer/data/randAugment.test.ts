/**
 * RandAugment's operations against those of torchvision on Pillow images (test/golden/regularization.py), and how
 * they are drawn.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { greatestMagnitude, operations, randAugment } from '../../../src/trainer/data/randAugment.js';
import { Random } from '../../../src/trainer/core/random.js';
import { drawing } from './images.js';

interface Result {
  operation: string;
  magnitude: number;
  negative: boolean;
}
const golden = (name: string) => readFileSync(new URL(`../../golden/${name}`, import.meta.url));
const { height, width, results } = (
  JSON.parse(golden('regularization.json').toString()) as {
    randAugment: { height: number; width: number; results: Result[] };
  }
).randAugment;
const bytes = new Uint8Array(golden('randaugment.bin'));
const size = height * width * 3;
const image = bytes.subarray(0, size);

// Levels by which a byte may differ: after an interpolation Pillow cuts the fraction off where we round.
const tolerances: Record<string, number> = { shearX: 1, shearY: 1, rotate: 1 };

for (const name of Object.keys(operations) as (keyof typeof operations)[]) {
  test(`${name} is torchvision's`, () => {
    const { strength, apply } = operations[name];
    const cases = results
      .map((result, i) => ({ ...result, i }))
      .filter(({ operation }) => operation.toLowerCase() === name.toLowerCase());
    assert.ok(cases.length >= 1);
    for (const { magnitude, negative, i } of cases) {
      const expected = bytes.subarray((i + 1) * size, (i + 2) * size);
      const changed = { data: image.slice(), width, height };
      const value = strength(magnitude / greatestMagnitude, changed);
      apply(changed, negative ? -value : value);
      const furthest = changed.data.reduce((most, value, at) => Math.max(most, Math.abs(value - expected[at]!)), 0);
      assert.ok(
        furthest <= (tolerances[name] ?? 0),
        `magnitude ${negative ? '-' : ''}${magnitude}: off by ${furthest}`,
      );
      if (name !== 'identity' && magnitude > 0) assert.notDeepEqual(changed.data, image);
    }
  });
}

test('images of one colour, of one pixel, and of all values at once come through every operation', () => {
  for (const [w, h, data] of [
    [1, 1, Uint8Array.of(1, 2, 3)],
    [2, 3, new Uint8Array(18).fill(77)],
    [16, 16, Uint8Array.from({ length: 768 }, (_, i) => i % 256)],
  ] as const)
    for (let seed = 0; seed < 200; seed++) {
      const changed = data.slice();
      randAugment(new Random(seed), changed, w, h, { operations: 3, magnitude: seed % 31 });
      assert.equal(changed.length, data.length);
    }
});

test('the stream decides; every operation is drawn, with both signs', () => {
  const of = (seed: number, count: number, magnitude = 9) => {
    const data = drawing(24, 24, 1);
    randAugment(new Random(seed), data, 24, 24, { operations: count, magnitude });
    return Buffer.from(data).toString('hex');
  };
  assert.equal(of(3, 2), of(3, 2));
  assert.equal(new Set(Array.from({ length: 50 }, (_, i) => of(i, 0))).size, 1, 'no operation, no change');
  // Nine have a sign; identity, posterize, solarize, autoContrast and equalize have none: 9 · 2 + 5 outcomes.
  assert.equal(new Set(Array.from({ length: 600 }, (_, i) => of(i, 1))).size, 23);
  assert.ok(new Set(Array.from({ length: 600 }, (_, i) => of(i, 2))).size > 150);
});
