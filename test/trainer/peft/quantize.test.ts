/** Quantisation in blocks: the levels and codes of bitsandbytes, the bound of the rounding error, and odd blocks. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import { normalFloat4 } from '../../../src/trainer/ir/normalFloat.js';
import { dequantize, quantize } from '../../../src/trainer/peft/quantize.js';
import { Random } from '../../../src/trainer/core/random.js';
import { golden, readGolden } from '../engine/goldenCurves.js';

const stored = readGolden('quantized') as {
  levels: number[];
  curves: Record<string, { quantization: 'nf4' | 'int8'; blockSize: number; firstRow: number[] }>;
};
const kinds = ['nf4', 'int8'] as const;

test('the levels of NF4 are those that bitsandbytes publishes', () => assert.deepEqual(normalFloat4, stored.levels));

for (const [name, { firstRow, ...options }] of Object.entries(stored.curves)) {
  test(`${name}: a weight is rounded as bitsandbytes and PyTorch round it`, async () => {
    const { tensors } = await readSafetensors(join(golden, 'models', 'vit', 'model.safetensors'));
    const { data } = tensors.get('vit.encoder.layer.0.attention.attention.query.weight')!;
    const row = dequantize(quantize(data, options), data.length, options).subarray(0, firstRow.length);
    // The same codes; the product by the scale may be rounded otherwise.
    row.forEach((value, i) =>
      assert.ok(
        Math.abs(value - firstRow[i]!) <= 2e-7 * Math.abs(firstRow[i]!),
        `${i}: ${value} instead of ${firstRow[i]}`,
      ),
    );
  });
}

for (const quantization of kinds) {
  test(`${quantization}: no number is further off than half the widest gap between levels, times the greatest of its block`, () => {
    const random = new Random(4);
    const options = { quantization, blockSize: 48 };
    const data = Float32Array.from({ length: 1000 }, (_, i) => random.normal() * (i < 96 ? 100 : 1));
    const back = dequantize(quantize(data, options), data.length, options);
    const widest =
      quantization === 'int8'
        ? 1 / 127
        : Math.max(...normalFloat4.slice(1).map((level, i) => level - normalFloat4[i]!));
    let furthest = 0;
    data.forEach((value, i) => {
      const block = data.subarray(Math.floor(i / 48) * 48, Math.floor(i / 48) * 48 + 48);
      const share = Math.abs(value - back[i]!) / block.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
      furthest = Math.max(furthest, share);
      // The nearest level, not merely a near one: the other neighbours are no closer.
      assert.ok(share <= widest / 2 + 1e-6, `${i}: ${value} became ${back[i]}`);
    });
    assert.ok(furthest > widest / 4);
  });

  test(`${quantization}: a quantised weight is unchanged`, () => {
    const options = { quantization, blockSize: 64 };
    const random = new Random(5);
    const once = dequantize(
      quantize(
        Float32Array.from({ length: 256 }, () => random.normal()),
        options,
      ),
      256,
      options,
    );
    assert.deepEqual(dequantize(quantize(once, options), 256, options), once);
  });

  test(`${quantization}: blocks of zeros stay zero, and the last block may be short`, () => {
    const options = { quantization, blockSize: 16 };
    const data = new Float32Array(37);
    data[36] = -0.5;
    const { codes, scales } = quantize(data, options);
    assert.deepEqual([scales.length, codes.length], [3, quantization === 'nf4' ? 24 : 48]);
    assert.deepEqual(
      Array.from(dequantize({ codes, scales }, 37, options), (value) => value + 0),
      Array.from(data),
    );
  });
}
