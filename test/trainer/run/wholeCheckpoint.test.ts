/** Checkpoints of every family fine-tuned in full: they hold just the weights that transformers' class asks for, and answer as what was saved. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import { openBaseModel } from '../../../src/trainer/run/baseModel.js';
import { openCheckpoint, writeCheckpoint } from '../../../src/trainer/run/checkpoint.js';
import { wholeWeights } from '../../../src/trainer/run/modelSpec.js';
import { temporaryFolder } from '../data/pictures.js';

const golden = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'golden');
const { models } = JSON.parse(readFileSync(join(golden, 'families.json'), 'utf8')) as { models: Record<string, { checkpoint: string[] }> };
const labels = ['apple', 'birch', 'cloud', 'dune', 'ember'];
const method = { type: 'full' as const, layerDecay: 1 };

for (const [name, { checkpoint }] of Object.entries(models)) {
  for (const imageSize of [32, 48]) {
    test(`${name} at ${imageSize} pixels: the weights of transformers' class, and the same again when opened`, async (t) => {
      const base = await openBaseModel({ model: join(golden, 'models', name), init: 'pretrained', seed: 0, imageSize });
      const weight = (of: string, shape: readonly number[]): Float32Array => base.weight(of, shape, 7);
      const network = base.config;
      const parameters = wholeWeights({ folder: '', json: base.json, network, preprocessor: base.preprocessor, method, labels, weight });
      const values = new Map(parameters.map((p) => [p.name, weight(p.name, p.shape)]));
      const folder = join(await temporaryFolder(t), 'checkpoint');
      await mkdir(folder);
      const progress = { step: 1, evaluationsSinceBest: 0, dataset: 'd' };
      await writeCheckpoint(folder, { base, network, method, labels, parameters, state: { parameters: values, m: values, v: values }, progress });

      const { tensors } = await readSafetensors(join(folder, 'model.safetensors'));
      assert.deepEqual([...tensors.keys()].sort(), checkpoint);
      const json = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
      assert.deepEqual(json.architectures, [network.architecture]);

      const opened = await openCheckpoint(folder);
      assert.deepEqual({ ...opened.network, labels: [] }, { ...network, labels: [] });
      // Whoever takes the checkpoint as a base model finds the same weights, too.
      const again = await openBaseModel({ model: folder, init: 'pretrained', seed: 1 });
      for (const { name: of, shape } of parameters) {
        assert.deepEqual(opened.weight(of, shape), values.get(of), of);
        assert.deepEqual(again.weight(of, shape, 8), values.get(of), of);
      }
      assert.equal(again.unread(new Set(parameters.map((p) => p.name))).length, checkpoint.length - parameters.length);
    });
  }
}
