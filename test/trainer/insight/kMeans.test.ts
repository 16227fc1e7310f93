/** k-means finds what was planted, and survives images that are alike or too few. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../src/trainer/core/random.js';
import { chooseClusters, kMeans, Silhouettes } from '../../../src/trainer/insight/kMeans.js';

const { signal } = new AbortController();
const o = { signal, seed: 0 };

/** Points on a sphere around `count` middles, `each` of each. */
function planted(count: number, each: number, spread = 0.1): { width: number; values: Float32Array } {
  const random = new Random(1, 'planted', count);
  const width = 8;
  const middles = Array.from({ length: count }, () => Array.from({ length: width }, () => random.normal()));
  const rows = middles.flatMap((middle) =>
    Array.from({ length: each }, () => {
      const row = middle.map((value) => value + spread * random.normal());
      const norm = Math.hypot(...row);
      return row.map((value) => value / norm);
    }),
  );
  return { width, values: Float32Array.from(rows.flat()) };
}

test('as many clusters as were planted are chosen, each with its own images', async () => {
  for (const count of [2, 3, 6]) {
    const shares: number[] = [];
    const {
      of,
      silhouette,
      count: found,
    } = await chooseClusters(planted(count, 20), undefined, {
      ...o,
      onProgress: (share) => shares.push(share),
    });
    assert.equal(found, count);
    assert.ok(silhouette > 0.5, String(silhouette));
    for (let c = 0; c < count; c++) assert.equal(new Set(of.subarray(20 * c, 20 * (c + 1))).size, 1);
    assert.equal(new Set(of).size, count);
    assert.equal(shares.at(-1), 1);
  }
});

test('the silhouette is that of its definition', async () => {
  // Two pairs on a line: 0, 1 and 10, 12.
  const features = { width: 1, values: Float32Array.of(0, 1, 10, 12) };
  const clusters = await kMeans(features, 2, o);
  const expected = [
    [1, 11],
    [1, 10],
    [2, 9.5],
    [2, 11.5],
  ].map(([a, b]) => (b! - a!) / b!);
  const mean = expected.reduce((sum, each) => sum + each, 0) / 4;
  assert.ok(Math.abs(new Silhouettes(features, 0).of(clusters) - mean) < 1e-6);
  // The squares of 0.5, 0.5, 1 and 1.
  assert.ok(Math.abs(clusters.loss - 2.5) < 1e-9);
});

test('images that weigh more draw the middle, and images that are equal or too few do no harm', async () => {
  const line = { width: 1, values: Float32Array.of(0, 1) };
  const weighted = await kMeans(line, 1, { ...o, weights: Float64Array.of(3, 1) });
  assert.deepEqual([...weighted.distance], [0.0625, 0.5625]);
  const equal = await kMeans({ width: 2, values: new Float32Array(20).fill(1) }, 3, o);
  assert.equal(equal.loss, 0);
  const few = await kMeans(line, 5, o);
  assert.deepEqual([few.count, new Set(few.of).size, few.loss], [2, 2, 0]);
  const none = await kMeans(line, 2, { ...o, weights: new Float64Array(2) });
  assert.equal(none.loss, 0);
});

test('a cancellation is heard', async () => {
  await assert.rejects(kMeans(planted(3, 20), 3, { seed: 0, signal: AbortSignal.abort() }), { name: 'AbortError' });
});
