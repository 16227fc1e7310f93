/** Layers that cost too much accuracy are stored wider, as few as suffice, and the activations are rounded in a good range. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Batch } from '../../../src/trainer/data/store.js';
import { exportGraphs, onnxOf, type Narrowing } from '../../../src/trainer/export/onnxExport.js';
import { narrowModel } from '../../../src/trainer/export/narrowModel.js';
import { OnnxRun } from '../../../src/trainer/export/onnxRun.js';
import { pixelsOf } from '../../../src/trainer/inference/computeLogits.js';
import { openModel } from '../../../src/trainer/models/openModel.js';
import { encodeModel } from '../../../src/trainer/onnx/model.js';
import { temporaryFolder } from '../data/images.js';
import { writeLoraCheckpoint } from '../models/goldenCheckpoint.js';

const [batches, size, labels] = [8, 16, 5];

/** A model, and drawn images with the labels that it predicts for them in fp32. */
async function cases(t: TestContext) {
  const model = await openModel(await writeLoraCheckpoint(join(await temporaryFolder(t), 'checkpoint')));
  const graphs = exportGraphs(model);
  const { transform } = model.preprocessor;
  const predicted = async (images: Uint8Array, narrowing?: Narrowing): Promise<number[]> => {
    const run = await OnnxRun.open(encodeModel(onnxOf(graphs, narrowing)), transform);
    const logits = await run.logits(images, size);
    await run.dispose();
    return Array.from({ length: size }, (_, i) => {
      const own = logits.subarray(i * labels, (i + 1) * labels);
      return own.indexOf(Math.max(...own));
    });
  };
  const chosen: Batch[] = [];
  for (let k = 0; k < batches; k++) {
    const drawn = await Promise.all(Array.from({ length: size }, (_, i) => pixelsOf(k * size + i, transform)));
    const images = Uint8Array.from(Buffer.concat(drawn));
    const targets = new Float32Array(size * labels);
    (await predicted(images)).forEach((label, i) => (targets[i * labels + label] = 1));
    const samples = Array.from({ length: size }, (_, i) => k * size + i);
    chosen.push({ images, targets, weights: new Float32Array(size).fill(1), count: size, samples, mixing: undefined });
  }
  /** How many of the images get another label. */
  const changed = async (narrowing: Narrowing): Promise<number> => {
    let count = 0;
    for (const { images, targets } of chosen)
      (await predicted(images, narrowing)).forEach((label, i) => (count += 1 - targets[i * labels + label]!));
    return count;
  };
  return { model, graphs, chosen, changed };
}

test('as few layers as suffice stay wider, and with room for a loss none does', async (t) => {
  const { model, graphs, chosen, changed } = await cases(t);
  const shares: number[] = [];
  const narrowed = (maxLoss: number) =>
    narrowModel(model, graphs, {
      precision: 'int4',
      maxLoss,
      images: { chosen },
      onProgress: (share) => shares.push(share),
    });
  const free = await narrowed(100);
  assert.deepEqual([free.layers, free.wider], [18, []]);
  const lost = await changed(free);
  assert.ok(lost > 1, `${lost} of 128 drawn images change in 4 bits`);
  const strict = await narrowed(0);
  assert.equal(await changed(strict), 0);
  const half = await narrowed((100 * lost) / 2 / (batches * size));
  assert.ok((await changed(half)) <= lost / 2);
  assert.ok(half.wider.length > 0 && half.wider.length <= strict.wider.length);
  assert.deepEqual(half.wider, strict.wider.slice(0, half.wider.length), 'the most sensitive first');
  assert.ok(shares.every((share) => share >= 0 && share <= 1));
});

test('static int8 has a range for each layer, and its predictions are those of fp32 but for near ties', async (t) => {
  const { model, graphs, chosen, changed } = await cases(t);
  const narrowed = await narrowModel(model, graphs, {
    precision: 'int8',
    maxLoss: 100,
    images: { chosen },
    onProgress: () => undefined,
  });
  const { low, high } = narrowed.plan.range('vit.encoder.layer.0.attention.attention.query.weight');
  assert.ok(low < 0 && high > 0 && high - low < 50, `${low} to ${high}`);
  assert.ok((await changed(narrowed)) < 13, `${await changed(narrowed)} of 128`);
});

test('cancelled while it chooses', async (t) => {
  const { model, graphs, chosen } = await cases(t);
  const controller = new AbortController();
  await assert.rejects(
    narrowModel(model, graphs, {
      precision: 'int4',
      maxLoss: 0,
      images: { chosen },
      signal: controller.signal,
      onProgress: (share) => void (share > 0.5 && controller.abort()),
    }),
    { name: 'AbortError' },
  );
});
