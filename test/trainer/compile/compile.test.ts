/** What the compiler leaves out: gradients of what is frozen, tokens that nothing reads, nodes that no output needs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compileAccumulation,
  compileForward,
  compileStep,
  type ModelSpec,
} from '../../../src/trainer/compile/compile.js';
import { WeightStore } from '../../../src/trainer/compile/weightStore.js';
import { eliminateDeadCode } from '../../../src/trainer/compile/passes.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import type { Graph } from '../../../src/trainer/ir/graph.js';
import type { Node } from '../../../src/trainer/ir/value.js';
import { sizeOf } from '../../../src/trainer/ir/shape.js';
import { parseNetwork } from '../../../src/trainer/nn/families.js';
import type { Method } from '../../../src/trainer/peft/method.js';
import { methodFor } from '../peft/methodFor.js';

const config = parseNetwork(
  {
    model_type: 'vit',
    image_size: 16,
    patch_size: 4,
    hidden_size: 8,
    num_hidden_layers: 4,
    num_attention_heads: 2,
    intermediate_size: 16,
  },
  'f',
);
const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, maxGradNorm: 1 };
const labels = 3;

function modelOf(method: Method, change: Partial<ModelSpec['config']> = {}): ModelSpec {
  const norm = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5], rescale: 1 / 255 };
  return {
    config: { ...config, ...change },
    norm,
    weights: new WeightStore({ read: (_, shape) => new Float32Array(sizeOf(shape)) }),
    method,
    labels,
    height: 16,
    width: 16,
  };
}
const methodOf = (options: object): Method => methodFor(config, options);
const lora = (targetModules: string[], dropout = 0) => ({ type: 'lora', rank: 2, alpha: 4, dropout, targetModules });
const nodesOf = (method: Method): number => compileStep(modelOf(method), optimizer, 2).step.nodes.length;

/** Multiplications and additions in the products of matrices. */
function flops(graph: Graph): number {
  return graph.nodes.reduce((sum, { op, inputs, outputs }) => {
    if (op.type !== 'matmul') return sum;
    const inner = inputs[0]!.shape.at(op.transA ? -2 : -1)!;
    return sum + 2 * sizeOf(outputs[0]!.shape) * inner;
  }, 0);
}

test('with a frozen body the step is the forward graph and little more: no product but those of the head has a gradient', () => {
  const model = modelOf(methodOf({ type: 'head', dropout: 0 }));
  const forward = compileForward(model, 2).graph;
  const { step, parameters } = compileStep(model, optimizer, 2);
  assert.deepEqual(parameters.map(({ name }) => name).sort(), ['classifier.bias', 'classifier.weight']);
  // The gradient of the head's weight is the one product that the backward pass needs.
  assert.equal(flops(step), flops(forward) + 2 * 2 * labels * config.hiddenSize);
});

test('nothing below the first trained layer gets a gradient', () => {
  const trainsFrom = (layer: number): Method => ({
    trains: (name) => name.startsWith('classifier.') || Number(/layer\.(\d+)\./.exec(name)?.[1] ?? -1) >= layer,
    head: { hidden: 0, dropout: 0 },
  });
  const counts = [0, 1, 2, 3, 4].map((layer) => nodesOf(trainsFrom(layer)));
  for (let i = 1; i < counts.length; i++) assert.ok(counts[i]! < counts[i - 1]!, `nodes ${counts.join(', ')}`);
  // Layers 1 and 2 are equal and not the last: each costs the same, and the frozen ones below cost nothing.
  assert.equal(counts[1]! - counts[2]!, counts[0]! - counts[1]!);
  // LoRA on one layer alone costs as little, wherever the layer's name is matched.
  const top = nodesOf(methodOf(lora(['layer.3.attention.attention.query'])));
  const bottom = nodesOf(methodOf(lora(['layer.0.attention.attention.query'])));
  assert.ok(top < bottom, `${top} nodes instead of ${bottom}`);
});

test('the last block computes queries and MLP of the read token alone', () => {
  const model = modelOf(methodOf({ type: 'head', dropout: 0 }));
  const tokens = (16 / 4) ** 2 + 1;
  const { graph } = compileForward(model, 1);
  const rowsOf = (weight: string): number[] =>
    graph.nodes
      .filter(({ op, inputs }) => op.type === 'matmul' && isConstant(inputs[1]?.node, weight))
      .map(({ outputs }) => outputs[0]!.shape[0]!);
  for (const part of ['attention.attention.query', 'attention.output.dense', 'intermediate.dense', 'output.dense']) {
    assert.deepEqual(rowsOf(`vit.encoder.layer.2.${part}.weight`), [tokens], part);
    assert.deepEqual(rowsOf(`vit.encoder.layer.3.${part}.weight`), [1], part);
  }
  for (const part of ['attention.attention.key', 'attention.attention.value'])
    assert.deepEqual(rowsOf(`vit.encoder.layer.3.${part}.weight`), [tokens], part);
});

function isConstant(node: Node | undefined, name: string): boolean {
  return node?.op.type === 'constant' && node.op.name === name;
}

test('dropout is only in the training graph, with a mask for each place; a rate of zero costs nothing', () => {
  const dropped = modelOf(methodOf(lora(['query'], 0.1)), { hiddenDropout: 0.2, attentionDropout: 0.3 });
  const { step, masks } = compileStep(dropped, optimizer, 2);
  // After the embeddings; in each block the adapter, the attention and two residual branches.
  assert.equal(masks.length, 1 + 4 * 4);
  assert.deepEqual([...new Set(masks.map((mask) => 'rate' in mask && mask.rate))].sort(), [0.1, 0.2, 0.3]);
  for (const { name, shape } of masks) assert.deepEqual(step.inputs.find((input) => input.name === name)?.shape, shape);
  assert.deepEqual(
    compileForward(dropped, 2).graph.inputs.filter(({ name }) => name.startsWith('mask')),
    [],
  );
  assert.equal(compileStep(modelOf(methodOf(lora(['query']))), optimizer, 2).masks.length, 0);
});

test('drop path has two masks a block, of a flag an image, with a rate that grows evenly from 0', () => {
  const { step, masks } = compileStep({ ...modelOf(methodOf(lora(['query']))), dropPath: 0.3 }, optimizer, 2);
  assert.deepEqual(
    masks.map((mask) => [...mask.shape, 'rate' in mask && mask.rate.toFixed(6)]),
    [0.1, 0.1, 0.2, 0.2, 0.3, 0.3].map((rate) => [2, 1, 1, rate.toFixed(6)]),
  );
  for (const { name, shape } of masks) assert.deepEqual(step.inputs.find((input) => input.name === name)?.shape, shape);
});

test('averages are inputs and outputs of the step, and nothing else of it changes', () => {
  const model = modelOf(methodOf({ type: 'head', dropout: 0 }));
  const [plain, averaged] = [
    compileStep(model, optimizer, 2).step,
    compileStep(model, { ...optimizer, ema: { decay: 0.9 } }, 2).step,
  ];
  const inputs = (graph: Graph) => graph.inputs.map(({ name }) => name);
  const added = ['e:classifier.bias', 'e:classifier.weight'];
  assert.deepEqual(inputs(averaged).sort(), [...inputs(plain), 'oneMinusDecay', ...added].sort());
  assert.deepEqual(
    [...averaged.outputs.keys()].sort(),
    [...plain.outputs.keys(), ...added.map((name) => `next:${name}`)].sort(),
  );
  assert.equal(flops(averaged), flops(plain));
});

test('every parameter has its update, with moments; accumulation splits the step in two', () => {
  const model = modelOf(methodOf(lora(['query', 'value'])));
  const { step, parameters } = compileStep(model, optimizer, 2);
  assert.equal(parameters.length, 4 * 2 * 2 + 2);
  const expected = parameters.flatMap(({ name }) => [name, `m:${name}`, `v:${name}`]);
  assert.deepEqual(
    [...step.outputs.keys()].sort(),
    ['gradientNorm', 'loss', ...expected.map((name) => `next:${name}`)].sort(),
  );
  for (const name of expected)
    assert.ok(
      step.inputs.some((input) => input.name === name),
      name,
    );
  const { accumulate, update } = compileAccumulation(model, optimizer, 2);
  const gradients = parameters.map(({ name }) => `g:${name}`);
  assert.deepEqual([...accumulate.outputs.keys()].sort(), ['loss', ...gradients.map((name) => `next:${name}`)].sort());
  assert.deepEqual(
    [...update.outputs.keys()].sort(),
    ['gradientNorm', ...expected.map((name) => `next:${name}`)].sort(),
  );
  assert.equal(flops(update), 0);
});

test('dead code goes, inputs and what outputs read stay in their order', () => {
  const b = new Builder();
  const [x, unused] = [b.input('x', [2]), b.input('unused', [2])];
  const y = b.exp(x);
  b.exp(b.mul(unused, unused));
  b.output('y', b.neg(y));
  assert.deepEqual(
    eliminateDeadCode(b.graph).nodes.map(({ op }) => (op.type === 'input' ? op.name : op.type)),
    ['x', 'unused', 'exp', 'neg'],
  );
});
