/** Each method and variant trains as PyTorch and PEFT train it (test/golden/methods.json), from the same start. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import { mapOf } from '../../../src/trainer/nn/networkMap.js';
import { decays } from '../../../src/trainer/nn/weightRoles.js';
import { firstValues } from '../../../src/trainer/peft/init.js';
import { isAdapter } from '../../../src/trainer/peft/method.js';
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
  labels: string[];
  training: Training;
  truth: number[];
  curves: Record<string, Curve & { model: string; method: { type: string; hidden?: number } }>;
}

const { labels, training, truth, curves } = readGolden('methods') as Golden;
/** A parameter's name in PEFT's model, which wraps what it trains. */
const plain = (name: string): string =>
  name
    .replace(/^base_model\.model\./, '')
    .replace(/\.(default|base_layer|modules_to_save)\b/g, '')
    .replace(/(lora_magnitude_vector)\.weight$/, '$1');

for (const [name, curve] of Object.entries(curves)) {
  test(`20 steps of ${name} follow PyTorch's`, async () => {
    const { base, trainable, inputs } = await openGolden(curve.model, {
      ...curve,
      training,
      labels: labels.length,
      curve,
    });
    const file = join(golden, 'methods', `${name}.safetensors`);
    const initial = existsSync(file)
      ? (await readSafetensors(file)).tensors
      : new Map<string, { data: Float32Array }>();
    const names = trainable.parameters.map((parameter) => parameter.name);
    for (const stored of initial.keys()) assert.ok(names.includes(stored), `${stored} is not among the parameters`);
    const { roleOf } = mapOf(base.config);
    assert.deepEqual(names.filter((each) => decays[roleOf(each)]).sort(), curve.decayed.map(plain).sort());
    trainable.restore({
      parameters: new Map(
        trainable.parameters.map((p) => [p.name, initial.get(p.name)?.data ?? base.weight(p.name, p.shape, 0)]),
      ),
    });
    await assertFollows(trainable, curve, training, { inputs, truth, labels: labels.length });
    await trainable.dispose();
  });

  // A head with a hidden layer has no weights of the model to begin with.
  if (curve.method.hidden) continue;
  test(`${name} begins at the unchanged model`, async () => {
    const { base, trainable } = await openGolden(curve.model, { ...curve, training, labels: labels.length });
    trainable.restore({
      parameters: firstValues(trainable.parameters, (weight, shape) => base.weight(weight, shape, 0), 3),
    });
    const { logits } = readGolden(curve.model) as { logits: number[][] };
    assertClose(await trainable.logits(images), logits.flat(), 1e-4, 'logits');
    const isAdded = trainable.parameters.some((parameter) => isAdapter(parameter.name));
    assert.equal(isAdded, ['lora', 'adapter'].includes(curve.method.type));
    await trainable.dispose();
  });
}
