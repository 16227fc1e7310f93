/**
 * Losses, gradient norms and logits of training, compared with those that PyTorch, transformers and PEFT gave
 * (test/golden).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import {
  assertClose,
  assertFollows,
  golden,
  openGolden,
  images,
  readGolden,
  type Curve,
  type Training,
} from './goldenCurves.js';

interface Golden {
  images: { truth: number[] };
  labels: string[];
  training: Training & { lora: { rank: number; alpha: number; dropout: number; targetModules: string[] } };
  logits: number[][];
  larger: { imageSize: number; logits: number[][] };
  curves: Record<string, Curve & { method: 'head' | 'lora' | 'full' }>;
}

const models = ['vit', 'deit', 'deit-teacher', 'dinov2'];

for (const name of models) {
  const values = readGolden(name) as Golden;
  const { training } = values;
  const labels = values.labels.length;

  test(`${name}: logits equal those of transformers`, async () => {
    const { base, trainable } = await openGolden(name, { method: { type: 'head' }, training, labels });
    trainable.restore({
      parameters: new Map(trainable.parameters.map((p) => [p.name, base.weight(p.name, p.shape, 0)])),
    });
    assertClose(await trainable.logits(images), values.logits.flat(), 1e-4, 'logits');
    await trainable.dispose();
  });

  test(`${name}: logits of larger images equal those of transformers with interpolated positions`, async () => {
    const size = values.larger.imageSize;
    const { base, trainable } = await openGolden(name, { method: { type: 'head' }, training, labels, imageSize: size });
    trainable.restore({
      parameters: new Map(trainable.parameters.map((p) => [p.name, base.weight(p.name, p.shape, 0)])),
    });
    const larger = new Uint8Array(16 * size * size * 3);
    for (let i = 0; i < larger.length; i++) {
      const [c, x, y, n] = [
        i % 3,
        Math.floor(i / 3) % size,
        Math.floor(i / 3 / size) % size,
        Math.floor(i / 3 / size / size),
      ];
      larger[i] = images[((n * 32 + (y % 32)) * 32 + (x % 32)) * 3 + c]!;
    }
    assertClose(await trainable.logits(larger), values.larger.logits.flat(), 1e-4, 'logits');
    await trainable.dispose();
  });

  const cases = Object.entries(values.curves).flatMap(([curveName, curve]) => [
    { curveName, curve, cached: false, recomputes: false },
    // A frozen body is also run once for all steps.
    ...(curve.method === 'head'
      ? [{ curveName, curve, cached: true, recomputes: false }]
      : [{ curveName, curve, cached: false, recomputes: true }]),
  ]);
  for (const { curveName, curve, cached, recomputes } of cases) {
    const how = `${cached ? ' on features computed once' : ''}${recomputes ? ' with recomputed activations' : ''}`;
    test(`${name}: 20 steps of ${curveName}${how} follow PyTorch's`, async () => {
      const method = { type: curve.method, ...(curve.method === 'lora' ? training.lora : {}) };
      const { base, trainable, inputs } = await openGolden(name, {
        method,
        training,
        labels,
        curve,
        cached,
        recomputes,
      });
      const adapter = join(golden, 'curves', `${name}-${curveName}-initial`, 'adapter_model.safetensors');
      const initial = existsSync(adapter) ? (await readSafetensors(adapter)).tensors : undefined;
      trainable.restore({
        parameters: new Map(
          trainable.parameters.map((p) => [
            p.name,
            initial?.get(`base_model.model.${p.name}`)?.data ?? base.weight(p.name, p.shape, 0),
          ]),
        ),
      });
      await assertFollows(trainable, curve, training, { inputs, truth: values.images.truth, labels });
      await trainable.dispose();
    });
  }
}
