/**
 * Checkpoints of every family: fine-tuned in full they hold exactly the weights of the class in transformers, and give
 * the outputs of the saved model.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import { compileForward } from '../../../src/trainer/compile/compile.js';
import { methodObject } from '../../../src/trainer/config/methods.js';
import { familyOf } from '../../../src/trainer/nn/families.js';
import { mapOf } from '../../../src/trainer/nn/networkMap.js';
import { isAdapter, methodOf } from '../../../src/trainer/peft/method.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { openCheckpoint, readState, writeCheckpoint } from '../../../src/trainer/models/checkpoint.js';
import { modelSpecOf, wholeWeights } from '../../../src/trainer/models/modelSpec.js';
import { singleTask } from '../../../src/trainer/core/tasks.js';
import { temporaryFolder } from '../data/images.js';

const golden = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'golden');
const { models } = JSON.parse(readFileSync(join(golden, 'families.json'), 'utf8')) as {
  models: Record<string, { checkpoint: string[] }>;
};
const labels = ['apple', 'birch', 'cloud', 'dune', 'ember'];
const tasks = singleTask(labels);
const method = { type: 'full' as const, layerDecay: 1 };

for (const name of ['clip', 'siglip', 'dinov3', 'dinov2', 'beit', 'timm-vit']) {
  test(`${name}: LoRA's default targets are the queries and values of every block, with the names that they have there`, async (t) => {
    const base = await openBaseModel({ model: join(golden, 'models', name), init: 'pretrained', seed: 0 });
    const lora = methodObject().parse({ type: 'lora', rank: 2 });
    const opened = {
      folder: '',
      json: base.json,
      network: base.config,
      preprocessor: base.preprocessor,
      labels,
      tasks,
    };
    const spec = modelSpecOf({ ...opened, method: lora, weights: base.weights(7) });
    const { parameters } = compileForward({ ...spec, method: methodOf(lora, mapOf(base.config)) }, 1);
    assert.equal(parameters.filter((p) => isAdapter(p.name)).length, 2 * 2 * base.config.layers);
    const values = new Map(parameters.map((p) => [p.name, new Float32Array(p.shape.reduce((a, b) => a * b, 1))]));
    const folder = join(await temporaryFolder(t), 'checkpoint');
    await mkdir(folder);
    const state = { parameters: values, m: values, v: values };
    const progress = { step: 1, evaluationsSinceBest: 0, dataset: 'd' };
    await writeCheckpoint(folder, {
      base,
      network: base.config,
      method: lora,
      tasks,
      parameters,
      frozen: [],
      state,
      progress,
    });
    const { target_modules: targets } = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as {
      target_modules: string[];
    };
    assert.deepEqual(targets, ['clip', 'siglip', 'dinov3'].includes(name) ? ['q_proj', 'v_proj'] : ['query', 'value']);
    assert.equal((await openCheckpoint(folder)).network.family, base.config.family);
  });
}

for (const [name, { checkpoint }] of Object.entries(models)) {
  for (const imageSize of [32, 48]) {
    test(`${name} at ${imageSize} pixels: the weights of transformers' class, and the same again when opened`, async (t) => {
      const base = await openBaseModel({ model: join(golden, 'models', name), init: 'pretrained', seed: 0, imageSize });
      const weight = (of: string, shape: readonly number[]): Float32Array => base.weight(of, shape, 7);
      const network = base.config;
      const parameters = wholeWeights({
        folder: '',
        json: base.json,
        network,
        preprocessor: base.preprocessor,
        method,
        labels,
        tasks,
        weights: base.weights(7),
      });
      const values = new Map(parameters.map((p) => [p.name, weight(p.name, p.shape)]));
      const folder = join(await temporaryFolder(t), 'checkpoint');
      await mkdir(folder);
      const progress = { step: 1, evaluationsSinceBest: 0, dataset: 'd' };
      await writeCheckpoint(folder, {
        base,
        network,
        method,
        tasks,
        parameters,
        frozen: [],
        state: { parameters: values, m: values, v: values },
        progress,
      });

      const { tensors } = await readSafetensors(join(folder, 'model.safetensors'));
      assert.deepEqual([...tensors.keys()].sort(), checkpoint);
      const json = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
      assert.deepEqual(json.architectures, [network.architecture]);

      const opened = await openCheckpoint(folder);
      const state = await readState(folder, { base: base.reference, method, parameters });
      for (const { name: of } of parameters) assert.deepEqual(state.parameters.get(of), values.get(of), of);
      assert.deepEqual({ ...opened.network, labels: [] }, { ...network, labels: [] });
      // The checkpoint as a base model has the same weights, too.
      const again = await openBaseModel({ model: folder, init: 'pretrained', seed: 1 });
      for (const { name: of, shape } of parameters) {
        assert.deepEqual(opened.weights.share(of, shape), values.get(of), of);
        assert.deepEqual(again.weight(of, shape, 8), values.get(of), of);
      }
      const { storedParts } = familyOf(network);
      const read = new Set(parameters.map((p) => storedParts?.(network, p.name)?.stored ?? p.name));
      assert.equal(again.unused(new Set(parameters.map((p) => p.name))).length, checkpoint.length - read.size);
    });
  }
}
