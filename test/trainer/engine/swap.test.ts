/** Swapped graphs: each is loaded only while it is in use, and frees what it alone refers to. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ModelSpec } from '../../../src/trainer/compile/compile.js';
import type { Engine } from '../../../src/trainer/engine/engine.js';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { Trainable } from '../../../src/trainer/engine/trainable.js';
import { Swap } from '../../../src/trainer/engine/swap.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import type { Graph } from '../../../src/trainer/ir/graph.js';
import { hostTensor } from '../../../src/trainer/engine/tensor.js';
import { firstValues } from '../../../src/trainer/peft/init.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { specOf } from '../models/specOf.js';
import { golden, images } from './goldenCurves.js';

const size = 2 ** 16;

/** y = w · x with every number of w the same. */
function graphOf(weight: Float32Array): Graph {
  const b = new Builder();
  b.output('y', b.mul(b.input('x', [size]), b.constant('w', [size], weight)));
  return b.graph;
}

test('only the graph in use is ready, and made ready again only after another was', async () => {
  const inner = createEngine('cpu');
  const events: string[] = [];
  const engine: Engine = {
    device: 'cpu',
    onCpu: true,
    async load(graph, options) {
      const name = graph.outputs.keys().next().value!;
      events.push(`load ${name}`);
      const executable = await inner.load(graph, options);
      return {
        run: (feeds) => executable.run(feeds),
        dispose: () => {
          events.push(`dispose ${name}`);
          return executable.dispose();
        },
      };
    },
  };
  const product = (name: string, factor: number): Graph => {
    const b = new Builder();
    b.output(name, b.scale(b.input('x', [2]), factor));
    return b.graph;
  };
  const swap = new Swap(engine);
  const [two, three] = [swap.executable(() => product('two', 2)), swap.executable(() => product('three', 3))];
  const x = hostTensor('f32', [2], Float32Array.of(1, 5));
  assert.deepEqual([...(await two.run({ x })).two!.data], [2, 10]);
  assert.deepEqual([...(await two.run({ x })).two!.data], [2, 10]);
  assert.deepEqual([...(await three.run({ x })).three!.data], [3, 15]);
  assert.deepEqual([...(await two.run({ x })).two!.data], [2, 10]);
  await two.dispose();
  await three.dispose();
  assert.deepEqual(events, ['load two', 'dispose two', 'load three', 'dispose three', 'load two', 'dispose two']);
});

test('the weights of a graph that is not in use are let go', async () => {
  let weights: WeakRef<Float32Array> | undefined;
  const swap = new Swap(createEngine('cpu'));
  const large = swap.executable(() => {
    const data = new Float32Array(size).fill(2);
    weights = new WeakRef(data);
    return graphOf(data);
  });
  const held = new Float32Array(size).fill(3);
  const other = swap.executable(() => graphOf(held));
  const x = hostTensor('f32', [size], new Float32Array(size).fill(1));
  assert.equal((await large.run({ x })).y!.data[size - 1], 2);
  assert.ok(weights!.deref());
  assert.equal((await other.run({ x })).y!.data[size - 1], 3);
  assert.equal(weights!.deref(), undefined);
  await other.dispose();
});

const cases = [
  { name: 'in floats', precision: 'fp32', accumulates: false },
  { name: 'in floats, in parts', precision: 'fp32', accumulates: true },
  { name: 'in int8', precision: 'int8', accumulates: false },
] as const;

for (const { name, precision, accumulates } of cases) {
  test(`training ${name} and evaluating with swapped graphs gives the same bits`, async () => {
    const base = await openBaseModel({ model: join(golden, 'models', 'vit'), init: 'pretrained', seed: 0 });
    const model: ModelSpec = { ...specOf(base, { type: 'lora', rank: 2, alpha: 4 }, 5), frozenPrecision: precision };
    const [batchSize, evalBatchSize] = [8, 4];
    const some = images.subarray(0, (images.length / 16) * batchSize);
    const part = {
      images: some,
      targets: new Float32Array(batchSize * 5).fill(0.2),
      weights: new Float32Array(batchSize).fill(1 / batchSize / (accumulates ? 2 : 1)),
    };
    const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, maxGradNorm: 1 };
    const train = async (swapFrom: number): Promise<unknown[]> => {
      const trainable = await Trainable.create(createEngine('cpu'), {
        model,
        optimizer,
        batchSize,
        evalBatchSize,
        accumulates,
        seed: 1,
        swapFrom,
      });
      trainable.restore({
        parameters: firstValues(trainable.parameters, (parameter, shape) => base.weight(parameter, shape, 0), 1),
      });
      const found: unknown[] = [];
      for (let step = 0; step < 3; step++) {
        found.push(await trainable.step(accumulates ? [part, part] : [part], step, 1e-2));
        found.push([...(await trainable.logits(some.subarray(0, some.length / 2)))]);
      }
      await trainable.dispose();
      return found;
    };
    assert.deepEqual(await train(0), await train(Infinity));
  });
}
