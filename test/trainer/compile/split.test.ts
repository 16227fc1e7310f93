/**
 * The split at the first trainable node: where it is, what stays on either side, and that both sides together compute
 * the same as the whole.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compileForward,
  compilePrefix,
  compileStep,
  cutOf,
  type ModelSpec,
} from '../../../src/trainer/compile/compile.js';
import { WeightStore } from '../../../src/trainer/compile/weightStore.js';
import { findCut, prefixOf, suffixOf } from '../../../src/trainer/compile/split.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import { check } from '../../../src/trainer/ir/check.js';
import type { Graph } from '../../../src/trainer/ir/graph.js';
import { sizeOf } from '../../../src/trainer/ir/shape.js';
import { parseNetwork } from '../../../src/trainer/nn/families.js';
import type { Method } from '../../../src/trainer/peft/method.js';
import { Random } from '../../../src/trainer/core/random.js';
import { interpret } from '../ir/interpreter.js';
import { methodFor } from '../peft/methodFor.js';

const config = parseNetwork(
  {
    model_type: 'vit',
    image_size: 8,
    patch_size: 4,
    hidden_size: 8,
    num_hidden_layers: 3,
    num_attention_heads: 2,
    intermediate_size: 16,
  },
  'f',
);
const tokens = 5;

function modelOf(method: Method, change: Partial<ModelSpec['config']> = {}): ModelSpec {
  const norm = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5], rescale: 1 / 255 };
  const read = (name: string, shape: readonly number[]): Float32Array => {
    const random = new Random(1, name);
    return Float32Array.from({ length: sizeOf(shape) }, () => 0.3 * random.normal());
  };
  const weights = new WeightStore({ read });
  return { config: { ...config, ...change }, norm, weights, method, labels: 3, height: 8, width: 8 };
}
const head = methodFor(config, { type: 'head', dropout: 0.5 });
const loraOn = (layer: number): Method =>
  methodFor(config, {
    type: 'lora',
    rank: 2,
    alpha: 4,
    dropout: 0.1,
    targetModules: [`layer.${layer}.attention.attention.query`],
  });
const full = methodFor(config, { type: 'full' });

const feedsOf = (graph: Graph, of: (name: string, size: number) => Float64Array): Record<string, Float64Array> =>
  Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, of(name, sizeOf(shape))]));

for (const [name, method, shape] of [
  ['a head', head, [1, 8]],
  ['LoRA on the last block', loraOn(2), [tokens, 8]],
  ['LoRA on the block before', loraOn(1), [tokens, 8]],
] as const) {
  test(`${name}: prefix and suffix together give the logits, losses and gradients of the whole`, () => {
    const model = modelOf(method);
    const cut = cutOf(model)!;
    assert.deepEqual(cut.shape, shape);
    const batch = 3;
    const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maxGradNorm: 0 };
    for (const compile of [
      (m: ModelSpec) => compileForward(m, batch).graph,
      (m: ModelSpec) => compileStep(m, optimizer, batch).step,
    ]) {
      const whole = compile(model);
      const suffix = compile({ ...model, cut });
      assert.deepEqual(
        suffix.inputs.map((input) => input.name).sort(),
        whole.inputs.map((input) => (input.name === 'images' ? 'features' : input.name)).sort(),
      );
      const feeds = feedsOf(whole, (input, size) => {
        const random = new Random(2, input);
        const draw =
          input === 'images'
            ? () => random.below(256)
            : input.startsWith('mask')
              ? () => random.below(2)
              : () => random.uniform();
        return Float64Array.from({ length: size }, draw);
      });
      const { features } = interpret(compilePrefix(model, cut, batch), { images: feeds.images! });
      const [expected, actual] = [interpret(whole, feeds), interpret(suffix, { ...feeds, features: features!.data })];
      assert.deepEqual(actual, expected);
      assert.deepEqual(
        suffix.nodes.filter(({ op }) => op.type === 'constant' && /layer\.0\./.test(op.name)),
        [],
        'the frozen weights below are not in the suffix',
      );
    }
  });
}

test('the more blocks are frozen, the greater the share of the prefix', () => {
  const shares = [loraOn(0), loraOn(1), loraOn(2), head].map((method) => cutOf(modelOf(method))!.share);
  for (let i = 1; i < shares.length; i++) assert.ok(shares[i]! > shares[i - 1]!, shares.join(', '));
  assert.ok(shares.at(-1)! > 0.95 && shares[0]! < 0.15, shares.join(', '));
});

test('whatever trains or is random ends the prefix', () => {
  assert.equal(cutOf(modelOf(full))!.share, 0, 'nothing but the normalisation of pixels');
  const hidden = cutOf(modelOf(head, { hiddenDropout: 0.1 }))!;
  assert.ok(hidden.share < 0.2, `dropout after the embeddings: ${hidden.share}`);
  assert.equal(hidden.shape[0], tokens);
  const attention = cutOf(modelOf(head, { attentionDropout: 0.1 }))!;
  assert.equal(attention.key, hidden.key);
});

test('the same model has the same cut at every batch, and another model another', () => {
  const graphs = [1, 2, 7].map((batch) => compileForward(modelOf(head), batch).graph);
  const cuts = graphs.map((graph, i) => findCut(graph, [1, 2, 7][i]!)!);
  assert.equal(new Set(cuts.map(({ key }) => key)).size, 1);
  assert.notEqual(cutOf(modelOf(head, { layerNormEpsilon: 1e-3 } as object))!.key, cuts[0]!.key);
});

test('a value is not a cut while another one is still used', () => {
  const b = new Builder();
  const images = b.cast(b.input('images', [2, 4], 'u8'), 'f32');
  const [x, y] = [b.exp(images), b.neg(images)];
  const weight = b.input('weight', [4]);
  b.output('out', b.add(b.mul(x, weight), y));
  const cut = findCut(b.graph, 2)!;
  // Only the cast carries everything: x and y would be two.
  const prefix = prefixOf(b.graph, cut);
  assert.deepEqual(
    prefix.nodes.map(({ op }) => op.type),
    ['input', 'cast'],
  );
  const suffix = suffixOf(b.graph, cut);
  check(suffix);
  assert.deepEqual(
    suffix.inputs.map(({ name }) => name),
    ['features', 'weight'],
  );
});

test('splitting below what else reads the images is refused', () => {
  const b = new Builder();
  const images = b.cast(b.input('images', [2, 4], 'u8'), 'f32');
  const x = b.exp(images);
  b.output('x', x);
  const cut = findCut(b.graph, 2)!;
  const c = new Builder();
  const again = c.cast(c.input('images', [2, 4], 'u8'), 'f32');
  c.output('sum', c.add(c.exp(again), again));
  assert.throws(() => suffixOf(c.graph, cut), /reads more of the images/);
  assert.throws(() => prefixOf(new Builder().graph, cut), /no value/);
});
