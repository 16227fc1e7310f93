/** Losses, gradient norms and logits of training networks of timm, compared with PyTorch's (test/golden/timm_curves.py). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import { assertFollows, golden, openGolden, readGolden, type Curve, type Training } from './goldenCurves.js';

const { curves } = readGolden('timm-curves') as {
  curves: Record<string, Record<string, Curve & { method: 'lora' | 'full' }>>;
};
/** The images, and the settings of all curves, are those of the plain ones. */
const shared = readGolden('vit') as {
  images: { truth: number[] };
  labels: string[];
  training: Training & { lora: { rank: number; alpha: number; dropout: number } };
};
const { training } = shared;
const labels = shared.labels.length;

for (const [name, own] of Object.entries(curves)) {
  for (const [curveName, curve] of Object.entries(own)) {
    test(`${name}: 20 steps of ${curveName} follow those of timm's class`, async () => {
      const { rank, alpha, dropout } = training.lora;
      const method = { type: curve.method, ...(curve.method === 'lora' ? { rank, alpha, dropout } : {}) };
      const { base, trainable, inputs } = await openGolden(name, { method, training, labels, curve, imageSize: 32 });
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
      await assertFollows(trainable, curve, training, { inputs, truth: shared.images.truth, labels });
      await trainable.dispose();
    });
  }
}
