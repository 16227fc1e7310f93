/**
 * One process of the memory benchmark: writes a random ViT, or trains it with a method for a few steps and prints its
 * peak memory.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors, type Tensor } from '../src/trainer/checkpoint/safetensors.js';
import { compileForward, type ModelSpec } from '../src/trainer/compile/compile.js';
import { frozenOf } from '../src/trainer/compile/scope.js';
import { WeightStore } from '../src/trainer/compile/weightStore.js';
import { methodObject } from '../src/trainer/config/methods.js';
import { createEngine } from '../src/trainer/engine/createEngine.js';
import { Trainable } from '../src/trainer/engine/trainable.js';
import { parseNetwork } from '../src/trainer/nn/families.js';
import { mapOf } from '../src/trainer/nn/networkMap.js';
import { firstValues } from '../src/trainer/peft/init.js';
import { methodOf, wholeModel } from '../src/trainer/peft/method.js';
import { openBaseModel, randomWeight } from '../src/trainer/models/baseModel.js';

const [folder, task, what, batch = '4', steps = '2', how = ''] = process.argv.slice(2) as [
  string,
  string,
  string,
  string?,
  string?,
  string?,
];
const labels = 10;
const norm = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5], rescale: 1 / 255 };

async function write(width: number): Promise<void> {
  const json = {
    model_type: 'vit',
    architectures: ['ViTModel'],
    image_size: 224,
    patch_size: 16,
    hidden_size: width,
    num_hidden_layers: 12,
    num_attention_heads: width / 64,
    intermediate_size: 4 * width,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(json));
  const config = parseNetwork(json, 'config.json');
  const spec: ModelSpec = {
    config,
    norm,
    weights: new WeightStore({ read: (name, shape) => randomWeight(config, name, shape, 1) }),
    method: methodOf(wholeModel, mapOf(config)),
    labels,
    height: 224,
    width: 224,
  };
  const tensors = frozenOf(compileForward({ ...spec, method: { ...spec.method, trains: () => false } }, 1).graph).map(
    ({ name, shape }): [string, Tensor] => [name, { shape: [...shape], data: spec.weights.share(name, shape) }],
  );
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' });
}

/** Trains for `steps` steps: the bytes of the frozen weights, and milliseconds per image of the fastest step. */
async function train(): Promise<{ frozenBytes: number; milliseconds: number }> {
  const base = await openBaseModel({ model: folder, init: 'pretrained', seed: 1 });
  const batchSize = Number(batch);
  const model: ModelSpec = {
    config: base.config,
    norm,
    weights: base.weights(1),
    method: methodOf(methodObject().parse(JSON.parse(what)), mapOf(base.config)),
    labels,
    height: 224,
    width: 224,
    recomputes: how === 'recompute',
  };
  const trainable = await Trainable.create(createEngine('cpu'), {
    model,
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, maxGradNorm: 1 },
    batchSize,
    evalBatchSize: batchSize,
    accumulates: false,
    seed: 1,
  });
  trainable.restore({ parameters: firstValues(trainable.parameters, (name, shape) => base.weight(name, shape, 1), 1) });
  const images = new Uint8Array(batchSize * 224 * 224 * 3).fill(77);
  const targets = new Float32Array(batchSize * labels).fill(1 / labels);
  let best = Infinity;
  for (let step = 0; step < Number(steps); step++) {
    const start = performance.now();
    await trainable.step([{ images, targets, weights: new Float32Array(batchSize).fill(1 / batchSize) }], step, 1e-3);
    best = Math.min(best, performance.now() - start);
  }
  await trainable.logits(images);
  await trainable.dispose();
  const { nodes } = compileForward(model, 1).graph;
  const frozenBytes = nodes.reduce((sum, { op }) => (op.type === 'constant' ? sum + op.data.byteLength : sum), 0);
  return { frozenBytes, milliseconds: best / batchSize };
}

if (task === 'write') {
  await write(Number(what));
  console.log('{}');
} else {
  const { frozenBytes, milliseconds } = await train();
  console.log(
    JSON.stringify({ peak: process.resourceUsage().maxRSS / 1024, frozen: frozenBytes / 2 ** 20, milliseconds }),
  );
}
