/** The builder leaves out ops that change nothing, and its composed operations give the right values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Builder } from '../../../src/trainer/ir/builder.js';
import type { Value } from '../../../src/trainer/ir/value.js';
import { numbersOf } from '../../../src/trainer/ir/op.js';
import { interpret } from './interpreter.js';

test('an op that changes nothing returns its argument and appends no node', () => {
  const b = new Builder();
  const x = b.input('x', [2, 3]);
  assert.equal(b.scale(x, 1), x);
  assert.equal(b.cast(x, 'f32'), x);
  assert.equal(b.transpose(x, [0, 1]), x);
  assert.equal(b.reshape(x, [2, 3]), x);
  assert.equal(b.slice(x, 1, 0, 3), x);
  assert.equal(b.expand(x, [2, 3]), x);
  assert.equal(b.sum(x, []), x);
  assert.equal(b.graph.nodes.length, 1);
});

test('an op that changes something appends a node', () => {
  const b = new Builder();
  const x = b.input('x', [2, 2]);
  for (const y of [
    b.scale(x, -1),
    b.cast(x, 'i32'),
    b.transpose(x, [1, 0]),
    b.reshape(x, [4]),
    b.slice(x, 1, 0, 1),
    b.slice(x, 1, 1, 2),
    b.expand(x, [1, 2, 2]),
    b.sum(x, [0]),
  ])
    assert.notEqual(y, x);
});

test('a scalar becomes a single constant', () => {
  const b = new Builder();
  assert.equal(b.scalar(0.5), b.scalar(0.5));
  assert.notEqual(b.scalar(0.5), b.scalar(2));
  assert.deepEqual(
    b.graph.nodes.map(({ op }) => op.type === 'constant' && [...numbersOf(op.data)]),
    [[0.5], [2]],
  );
});

test('inputs are listed in the order of their creation', () => {
  const b = new Builder();
  b.input('labels', [4], 'i32');
  b.exp(b.input('x', [2]));
  assert.deepEqual(
    b.graph.inputs.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
    [
      { name: 'labels', shape: [4], dtype: 'i32' },
      { name: 'x', shape: [2], dtype: 'f32' },
    ],
  );
});

test('each method appends the op of its name', () => {
  const b = new Builder();
  const x = b.input('x', [2, 2]);
  const y = b.input('y', [2, 2]);
  const made: Record<string, Value> = {
    add: b.add(x, y),
    sub: b.sub(x, y),
    mul: b.mul(x, y),
    div: b.div(x, y),
    minimum: b.minimum(x, y),
    maximum: b.maximum(x, y),
    neg: b.neg(x),
    exp: b.exp(x),
    log: b.log(x),
    sqrt: b.sqrt(x),
    erf: b.erf(x),
    tanh: b.tanh(x),
    sigmoid: b.sigmoid(x),
    stopGradient: b.stopGradient(x),
    softplus: b.softplus(x),
    relu: b.relu(x),
    gelu: b.gelu(x),
    geluSlope: b.geluSlope(x),
    softmax: b.softmax(x),
    logSoftmax: b.logSoftmax(x),
    concat: b.concat(0, x, y),
    matmul: b.matmul(x, y),
  };
  for (const [name, value] of Object.entries(made)) {
    assert.equal(value.node.op.type, name);
    // In the given order: a - b differs from b - a.
    assert.deepEqual(value.node.inputs, [x, y].slice(0, value.node.inputs.length));
  }
});

test('matmul passes its options on', () => {
  const b = new Builder();
  const [x, w, bias] = [b.input('x', [3, 2]), b.input('w', [4, 3]), b.input('bias', [4])];
  const { op, inputs } = b.matmul(x, w, { transA: true, transB: true, alpha: 0.5, bias }).node;
  assert.deepEqual(op, { type: 'matmul', transA: true, transB: true, alpha: 0.5 });
  assert.deepEqual(inputs, [x, w, bias]);
});

test('total, mean over the last axis, scale and layer norm have their values', () => {
  const b = new Builder();
  const x = b.input('x', [2, 2]);
  b.output('total', b.total(x));
  b.output('mean', b.meanOverLast(x));
  b.output('scaled', b.scale(x, 0.5));
  const [y, mean, inverse] = b.layerNorm(x, b.input('gamma', [2]), b.input('beta', [2]), 0);
  b.output('y', y!);
  b.output('m', mean!);
  b.output('inverse', inverse!);
  const results = interpret(b.graph, { x: [1, 3, 5, 9], gamma: [1, 10], beta: [0, 1] });
  const plain = Object.fromEntries(
    Object.entries(results).map(([name, { shape, data }]) => [name, { shape, data: [...data] }]),
  );
  assert.deepEqual(plain, {
    total: { shape: [], data: [18] },
    mean: { shape: [2, 1], data: [2, 7] },
    scaled: { shape: [2, 2], data: [0.5, 1.5, 2.5, 4.5] },
    y: { shape: [2, 2], data: [-1, 11, -1, 11] },
    m: { shape: [2, 1], data: [2, 7] },
    inverse: { shape: [2, 1], data: [1, 0.5] },
  });
});
