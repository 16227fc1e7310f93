/** The backward walk: what it refuses and leaves out, and whole attention blocks against finite differences. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backward } from '../../../src/trainer/autodiff/backward.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import type { Value } from '../../../src/trainer/ir/value.js';
import type { Shape } from '../../../src/trainer/ir/op.js';
import { Random } from '../../../src/trainer/core/random.js';
import { values } from '../ir/opCases.js';
import { assertGradients, type Model } from './finiteDifferences.js';

const typesAfter = (b: Builder, place: number): string[] => b.graph.nodes.slice(place).map((node) => node.op.type);

test('the loss must be a scalar', () => {
  const b = new Builder();
  const x = b.input('x', [2]);
  assert.throws(() => backward(b, b.exp(x), [x]), { message: 'the loss must be a scalar, not [2]' });
});

test('a parameter the loss does not depend on is refused', () => {
  const b = new Builder();
  const x = b.input('x', [2]);
  const unused = b.input('unused', [2]);
  b.mul(unused, x);
  assert.throws(() => backward(b, b.total(x), [x, unused]), { message: 'the loss does not depend on a parameter' });
});

test('the statistics of a layer norm carry no gradient', () => {
  const b = new Builder();
  const x = b.input('x', [3, 4]);
  const [, mean] = b.layerNorm(x, b.input('gamma', [4]), b.input('beta', [4]), 1e-6);
  assert.throws(() => backward(b, b.total(mean!), [x]), { message: 'layerNorm: only the first output has a gradient' });
});

test('an op without a gradient is allowed where nothing before it trains', () => {
  const b = new Builder();
  const pixels = b.cast(b.input('pixels', [4], 'u8'), 'f32');
  const w = b.input('w', [4]);
  const [gradient] = backward(b, b.total(b.mul(pixels, w)), [w]);
  assert.deepEqual(gradient!.shape, [4]);
});

test('a parameter may be the output of an op without a gradient: the walk ends there', () => {
  const b = new Builder();
  const middle = b.cast(b.input('x', [4], 'u8'), 'f32');
  const [gradient] = backward(b, b.total(b.exp(middle)), [middle]);
  assert.deepEqual(gradient!.shape, [4]);
});

test('a parameter that is the loss has gradient 1', () => {
  const b = new Builder();
  const x = b.input('x', []);
  assert.equal(backward(b, x, [x])[0], b.scalar(1));
});

test('neither a frozen layer before the first parameter nor a frozen weight after it gets a gradient', () => {
  const b = new Builder();
  const frozen = (name: string, shape: Shape): Value =>
    b.constant(name, shape, new Float32Array(shape.reduce((n, d) => n * d, 1)).fill(0.5));
  const below = b.gelu(b.matmul(b.input('x', [2, 3]), frozen('w0', [3, 4])));
  const weight = b.input('weight', [4, 4]);
  const middle = b.matmul(below, weight);
  const loss = b.total(b.matmul(middle, frozen('w2', [4, 5])));
  const place = b.graph.nodes.length;
  backward(b, loss, [weight]);
  // From the sum back: spread the 1, through w2 to the middle, then to the weight. Nothing for w0, w2 or x.
  assert.deepEqual(typesAfter(b, place), ['constant', 'reshape', 'expand', 'reshape', 'matmul', 'matmul']);
});

/**
 * Two pre-norm transformer blocks of two heads over [batch 2, tokens 3, width 4] and a classifier with cross-entropy on
 * the first token.
 */
function attention(b: Builder, shapes: Record<string, Shape>): Model {
  const [batch, tokens, width, heads] = [2, 3, 4, 2];
  const p = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, b.input(name, shape)])) as Record<
    string,
    Value
  >;
  const linear = (x: Value, name: string): Value => {
    const flat = b.matmul(b.reshape(x, [batch * tokens, x.shape.at(-1)!]), p[`${name}.weight`]!, {
      transB: true,
      bias: p[`${name}.bias`]!,
    });
    return b.reshape(flat, [batch, tokens, flat.shape[1]!]);
  };
  const split = (x: Value): Value => b.transpose(b.reshape(x, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
  let x = b.add(p['x']!, p['position']!);
  for (const layer of [0, 1]) {
    const norm = (at: string): Value => b.layerNorm(x, p[`${layer}.${at}.gamma`]!, p[`${layer}.${at}.beta`]!, 1e-6)[0]!;
    const before = norm('norm1');
    const [q, k, v] = ['q', 'k', 'v'].map((name) => split(linear(before, `${layer}.${name}`))) as [Value, Value, Value];
    const attended = b.matmul(
      b.softmax(b.matmul(q, k, { transB: true, alpha: Math.fround(1 / Math.sqrt(width / heads)) })),
      v,
    );
    x = b.add(x, linear(b.reshape(b.transpose(attended, [0, 2, 1, 3]), [batch, tokens, width]), `${layer}.o`));
    x = b.add(x, linear(b.gelu(linear(norm('norm2'), `${layer}.up`)), `${layer}.down`));
  }
  const first = b.reshape(b.slice(x, 1, 0, 1), [batch, width]);
  const logProbabilities = b.logSoftmax(b.matmul(first, p['head.weight']!, { transB: true, bias: p['head.bias']! }));
  const targets = b.constant('targets', [batch, 3], Float32Array.of(0.1, 0.8, 0.1, 0.7, 0.15, 0.15));
  return { loss: b.neg(b.scale(b.total(b.mul(logProbabilities, targets)), 1 / batch)), parameters: p };
}

test('two attention blocks and a classifier: every gradient equals finite differences', async () => {
  const linear = (name: string, out: number, into: number): [string, Shape][] => [
    [`${name}.weight`, [out, into]],
    [`${name}.bias`, [out]],
  ];
  const layer = (i: number): [string, Shape][] => [
    ...['norm1', 'norm2'].flatMap((at): [string, Shape][] => [
      [`${i}.${at}.gamma`, [4]],
      [`${i}.${at}.beta`, [4]],
    ]),
    // The gradient of a key's bias is zero, since adding a constant to a row does not change its softmax: there is
    // nothing to compare.
    ...['q', 'k', 'v', 'o'].flatMap((name) => linear(`${i}.${name}`, 4, 4)),
    ...linear(`${i}.up`, 8, 4),
    ...linear(`${i}.down`, 4, 8),
  ];
  const shapes = Object.fromEntries([
    ['x', [2, 3, 4]],
    ['position', [3, 4]],
    ...layer(0),
    ...layer(1),
    ...linear('head', 3, 4),
  ] as [string, Shape][]);
  const random = new Random(3);
  const feeds = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, values({ shape, from: -1, to: 1 }, random)]),
  );
  await assertGradients((b) => {
    const { loss, parameters } = attention(b, shapes);
    return {
      loss,
      parameters: Object.fromEntries(Object.entries(parameters).filter(([name]) => !name.endsWith('.k.bias'))),
    };
  }, feeds);
});
