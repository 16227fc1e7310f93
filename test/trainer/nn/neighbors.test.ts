/**
 * The vote of the nearest neighbours, compared with what PyTorch gives over the features of transformers
 * (test/golden/neighbors.py).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { WeightStore } from '../../../src/trainer/compile/weightStore.js';
import { compileForward, compilePrefix, cutOf } from '../../../src/trainer/compile/compile.js';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { sizeOf } from '../../../src/trainer/ir/shape.js';
import { bank, oneHot, unitRows } from '../../../src/trainer/nn/neighbors.js';
import { hostTensor } from '../../../src/trainer/engine/tensor.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { specOf } from '../models/specOf.js';

const golden = join(import.meta.dirname, '..', '..', 'golden');
const images = new Uint8Array(readFileSync(join(golden, 'images.bin')));
const imageBytes = 32 * 32 * 3;
const { images: about } = JSON.parse(readFileSync(join(golden, 'vit.json'), 'utf8')) as {
  images: { truth: number[] };
};
const { bank: count, answers } = JSON.parse(readFileSync(join(golden, 'neighbors.json'), 'utf8')) as {
  bank: number;
  answers: Record<string, { neighbors: number; temperature: number; probabilities: number[][] }[]>;
};
const labels = 5;

for (const [name, cases] of Object.entries(answers)) {
  test(`${name}: the vote is that of PyTorch`, async () => {
    const base = await openBaseModel({ model: join(golden, 'models', name), init: 'pretrained', seed: 0 });
    const model = specOf(base, { type: 'head' }, labels);
    const cut = cutOf(model)!;
    const width = sizeOf(cut.shape);
    const engine = createEngine('cpu');
    const imagesOf = (first: number, last: number) => ({
      images: hostTensor('u8', [last - first, 32, 32, 3], images.slice(first * imageBytes, last * imageBytes)),
    });
    const prefix = await engine.load(compilePrefix(model, cut, count));
    const { features } = await prefix.run(imagesOf(0, count));
    await prefix.dispose();
    const unit = unitRows(features!.data as Float32Array, width);
    for (const { neighbors, temperature, probabilities } of cases) {
      const weights = new WeightStore({
        read: (weight, shape) =>
          weight === bank.features
            ? unit
            : weight === bank.labels
              ? oneHot(about.truth, shape)
              : base.weight(weight, shape, 0),
      });
      const forward = await engine.load(
        compileForward({ ...model, weights, neighbors: { images: count, neighbors, temperature } }, 16 - count).graph,
      );
      const { logits } = await forward.run(imagesOf(count, 16));
      await forward.dispose();
      probabilities.flat().forEach((expected, i) => {
        const actual = Math.exp(logits!.data[i]!);
        assert.ok(
          Math.abs(actual - expected) < 1e-4,
          `${neighbors} neighbours at ${temperature}, ${i}: ${actual} instead of ${expected}`,
        );
      });
    }
  });
}

test('unit rows have length 1, and a row of zeros stays one', () => {
  assert.deepEqual([...unitRows(Float32Array.of(3, 4, 0, 0), 2)], [0.6, 0.8, 0, 0].map(Math.fround));
});
