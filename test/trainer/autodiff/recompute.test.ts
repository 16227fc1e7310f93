/**
 * A backward pass with recomputed activations gives equal results, computes nothing frozen twice, and is not undone by
 * ONNX Runtime.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WeightStore } from '../../../src/trainer/compile/weightStore.js';
import { backward } from '../../../src/trainer/autodiff/backward.js';
import { compileStep, type ModelSpec } from '../../../src/trainer/compile/compile.js';
import { peakBytes } from '../../../src/trainer/compile/memory.js';
import { eliminateDeadCode } from '../../../src/trainer/compile/passes.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import type { Graph } from '../../../src/trainer/ir/graph.js';
import type { Node, Value } from '../../../src/trainer/ir/value.js';
import type { Shape } from '../../../src/trainer/ir/op.js';
import { parseNetwork } from '../../../src/trainer/nn/families.js';
import { Random } from '../../../src/trainer/core/random.js';
import { randomWeight } from '../../../src/trainer/models/baseModel.js';
import { difference, runGraph } from '../onnx/runGraph.js';
import { methodFor } from '../peft/methodFor.js';

const sizes = {
  image_size: 16,
  patch_size: 4,
  hidden_size: 16,
  num_hidden_layers: 3,
  num_attention_heads: 2,
  intermediate_size: 32,
};
const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, maxGradNorm: 1 };
const batch = 2;

function stepOf(json: object, method: object, recomputes: boolean, change: Partial<ModelSpec> = {}): Graph {
  const config = parseNetwork({ ...sizes, ...json }, 'config.json');
  const norm = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5], rescale: 1 / 255 };
  const model = {
    config,
    norm,
    weights: new WeightStore({ read: (name, shape) => randomWeight(config, name, shape, 1) }),
    method: methodFor(config, method),
    labels: 3,
    height: 16,
    width: 16,
    recomputes,
    ...change,
  };
  return compileStep(model, optimizer, batch).step;
}

const made = (graph: Graph, pass: Node['region']['pass']): Node[] =>
  graph.nodes.filter(({ region }) => region.pass === pass);

/** Numbers for every input of a step. */
function feedsOf(graph: Graph): Record<string, number[]> {
  return Object.fromEntries(
    graph.inputs.map(({ name, shape, dtype }) => {
      const random = new Random(7, name);
      const size = shape.reduce((n, d) => n * d, 1);
      const draw = (): number => {
        if (dtype === 'u8') return random.below(name.startsWith('mask:') ? 2 : 256);
        if (name === 'weights') return 1 / batch;
        return name.startsWith('v:') ? 1e-3 * random.uniform() : 0.2 * (random.uniform() - 0.4);
      };
      return [name, shape.length ? Array.from({ length: size }, draw) : [name === 'learningRate' ? 0.01 : 0.5]];
    }),
  );
}

const lora = { type: 'lora', rank: 2, alpha: 4, dropout: 0.25, targetModules: ['query', 'dense'] };
const vit = { model_type: 'vit' };
const cases: Record<string, [json: object, method: object]> = {
  full: [vit, { type: 'full' }],
  'lora with dropout': [vit, lora],
  DoRA: [vit, { ...lora, useDora: true }],
  'qlora, int8': [vit, { ...lora, type: 'qlora', quantization: 'int8', blockSize: 16 }],
  adapter: [vit, { type: 'adapter' }],
  'single modules': [vit, { type: 'partial', blocks: 0, modules: ['layer.0.attention', 'layernorm*', 'bias'] }],
  'dinov2, full': [{ model_type: 'dinov2' }, { type: 'full' }],
  'beit with positions shared by the blocks, full': [
    { model_type: 'beit', use_shared_relative_position_bias: true },
    { type: 'full' },
  ],
};

for (const [name, [json, method]] of Object.entries(cases)) {
  test(`${name}: the step equals the plain one`, async () => {
    const [plain, anew] = [stepOf(json, method, false), stepOf(json, method, true)];
    assert.ok(made(anew, 'recompute').length > made(plain, 'recompute').length);
    const feeds = feedsOf(plain);
    const [expected, actual] = [await runGraph(plain, 'cpu', feeds), await runGraph(anew, 'cpu', feeds)];
    assert.deepEqual(Object.keys(actual), Object.keys(expected));
    for (const [output, values] of Object.entries(expected))
      assert.equal(difference(actual[output]!, values, 1e-5), undefined, output);
  });
}

test('everything below the first trained block is computed once', () => {
  const parts = (method: object): string[] =>
    [...new Set(made(stepOf(vit, method, true), 'recompute').map(({ region }) => region.part))].sort();
  assert.deepEqual(parts({ type: 'head' }), []);
  // The rest is the last norm, whose output the head's gradient reads.
  assert.deepEqual(parts({ type: 'partial', blocks: 2 }), ['rest', 'vit.encoder.layer.1', 'vit.encoder.layer.2']);
});

test('the backward pass reads only the input of a block and recomputed values', () => {
  const anew = stepOf(vit, { type: 'full' }, true);
  const isBlock = (node: Node, pass: string): boolean =>
    node.region.pass === pass && node.region.part.includes('.layer.');
  for (const node of anew.nodes.filter((each) => isBlock(each, 'backward'))) {
    for (const { node: read } of node.inputs) {
      const isLeaf = read.op.type === 'input' || read.op.type === 'constant';
      assert.ok(
        isLeaf || !isBlock(read, 'forward') || read.region.part !== node.region.part,
        `${node.op.type} reads ${read.op.type} of ${read.region.part}`,
      );
    }
  }
});

const [tokens, width, heads, depth] = [16, 8, 2, 4];
const bytesOfScores = 4 * batch * heads * tokens * tokens;

/**
 * Gradients through `depth` blocks of a norm and an attention over [batch, tokens, width], whose scores have a learned
 * bias.
 */
function attentionGradients(cheapShare?: number): Graph {
  const b = new Builder();
  const parameters = new Map<string, Value>();
  const parameter = (name: string, shape: Shape): Value => {
    parameters.set(name, b.input(name, shape));
    return parameters.get(name)!;
  };
  const block = (x: Value, i: number): Value => {
    const normal = b.layerNorm(x, parameter(`gamma ${i}`, [width]), parameter(`beta ${i}`, [width]), 1e-6)[0]!;
    const project = (name: string): Value => {
      const y = b.matmul(normal, parameter(`${name} ${i}`, [width, width]), { transB: true });
      return b.transpose(b.reshape(y, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
    };
    const scores = b.matmul(project('query'), project('key'), { transB: true, alpha: 0.5 });
    const mixed = b.matmul(b.softmax(b.add(scores, parameter(`bias ${i}`, [heads, tokens, tokens]))), project('value'));
    return b.add(x, b.reshape(b.transpose(mixed, [0, 2, 1, 3]), x.shape));
  };
  const last = Array.from({ length: depth }, (_, i) => i).reduce(block, parameter('x', [batch * tokens, width]));
  const gradients = backward(b, b.total(b.mul(last, last)), [...parameters.values()], { cheapShare });
  [...parameters.keys()].forEach((name, i) => b.output(`gradient of ${name}`, gradients[i]!));
  return eliminateDeadCode(b.graph);
}

test('recomputing cheap values leaves the gradients unchanged to the bit', async () => {
  const [plain, anew] = [attentionGradients(), attentionGradients(1)];
  const feeds = feedsOf(plain);
  assert.deepEqual(await runGraph(anew, 'cpu', feeds), await runGraph(plain, 'cpu', feeds));
});

test('a norm is always cheap, an attention if its products are few', () => {
  const types = (share?: number): string[] => [
    ...new Set(made(attentionGradients(share), 'recompute').map(({ op }) => op.type)),
  ];
  const kinds = ['layerNorm', 'matmul', 'softmax'];
  const remade = (share?: number): string[] => kinds.filter((kind) => types(share).includes(kind as 'softmax'));
  assert.deepEqual(remade(), []);
  assert.deepEqual(remade(0), ['layerNorm']);
  assert.deepEqual(remade(1), kinds);
});

test('only one attention holds its weights at a time', () => {
  assert.ok(peakBytes(attentionGradients()) - peakBytes(attentionGradients(1)) >= (depth - 1) * bytesOfScores);
});
