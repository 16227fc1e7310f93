/**
 * Edge cases of resampled position embeddings; the values are held against torch's by
 * test/trainer/engine/trainable.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familyOf, parseNetwork } from '../../../src/trainer/nn/families.js';
import type { NetworkConfig } from '../../../src/trainer/nn/networkConfig.js';

const config = (fields: object) =>
  parseNetwork({ model_type: 'vit', hidden_size: 2, num_attention_heads: 1, patch_size: 4, ...fields }, 'f');

const positionsFor = (data: Float32Array, network: NetworkConfig, size: number): Float32Array =>
  familyOf(network).resizing(network, `${network.family}.embeddings.position_embeddings`)!.to(data, size);

test('the same size gives the same embeddings', () => {
  const data = Float32Array.from({ length: (1 + 9) * 2 }, (_, i) => Math.sin(i));
  assert.deepEqual(positionsFor(data, config({ image_size: 12 }), 12), data);
});

test('special tokens stay, however many; constant embeddings stay constant, up and down', () => {
  for (const [model_type, special] of [
    ['vit', 1],
    ['deit', 2],
  ] as const) {
    const data = new Float32Array((special + 16) * 2).fill(0.25);
    data.set([7, 8, 9, 10].slice(0, special * 2));
    for (const size of [4, 8, 28]) {
      const result = positionsFor(data, config({ model_type, image_size: 16 }), size);
      assert.equal(result.length, (special + (size / 4) ** 2) * 2);
      assert.deepEqual([...result.subarray(0, special * 2)], [7, 8, 9, 10].slice(0, special * 2));
      assert.ok(result.subarray(special * 2).every((value) => Math.abs(value - 0.25) < 1e-6));
    }
  }
});

test('a single patch spreads over any grid', () => {
  const result = positionsFor(Float32Array.of(1, 2, 3, 4), config({ image_size: 4 }), 12);
  assert.deepEqual([...result.subarray(0, 2)], [1, 2]);
  for (let i = 2; i < result.length; i += 2)
    assert.ok(Math.abs(result[i]! - 3) < 1e-6 && Math.abs(result[i + 1]! - 4) < 1e-6);
});
