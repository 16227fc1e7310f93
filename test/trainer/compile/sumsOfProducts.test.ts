/** Sums of products are found whole, with nothing in them that somebody else reads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WeightStore } from '../../../src/trainer/compile/weightStore.js';
import { int8Products } from '../../../src/trainer/compile/int8Products.js';
import { eliminateDeadCode } from '../../../src/trainer/compile/passes.js';
import { sumsOfProducts } from '../../../src/trainer/compile/sumsOfProducts.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import type { Value } from '../../../src/trainer/ir/value.js';
import { Random } from '../../../src/trainer/core/random.js';
import { runGraph } from '../onnx/runGraph.js';

const [rows, inner, width] = [64, 24, 16];
const random = new Random(1, 'sums');
const normals = (length: number): number[] => Array.from({ length }, () => random.normal());

function products() {
  const b = new Builder();
  const feeds: Record<string, number[]> = {};
  const input = (name: string, shape: readonly number[]): Value => {
    feeds[name] = normals(shape.reduce((n, d) => n * d, 1));
    return b.input(name, shape);
  };
  const product = (name: string, k = inner): Value =>
    b.matmul(input(`${name}.x`, [rows, k]), b.constant(`${name}.w`, [k, width], Float32Array.from(normals(k * width))));
  return { b, feeds, input, product };
}

test('products are found in every place of a sum, next to other terms', () => {
  const { b, input, product } = products();
  const [p, q, r, s] = [product('p'), product('q', 8), product('r'), input('s', [rows, width])];
  const sum = b.add(b.add(s, p), b.add(r, q));
  b.output('sum', b.neg(sum));
  const found = sumsOfProducts(b.graph, ({ op }) => op.type === 'matmul');
  assert.deepEqual([...found], [[sum.node, { products: [p.node, r.node, q.node], rest: [s] }]]);
});

test('values that are read elsewhere, broadcast, or single are not joined', () => {
  const { b, input, product } = products();
  const [p, q, r, s] = [product('p'), product('q'), product('r'), product('s')];
  const inside = b.add(p, q);
  const last = b.add(inside, r);
  b.output('last', b.add(last, s));
  // Read twice: `inside`, a sum of its own, and the product s.
  b.output('inside', b.neg(inside));
  b.output('s', s);
  b.output('broadcast', b.add(b.sum(product('t'), [0]), b.add(input('u', [rows, width]), product('v'))));
  const found = sumsOfProducts(b.graph, ({ op }) => op.type === 'matmul');
  assert.deepEqual([...found], [[inside.node, { products: [p.node, q.node], rest: [] }]]);
});

test('a sum of products in int8 is one product, close to the sum in fp32', async () => {
  const { b, feeds, input, product } = products();
  b.output('sum', b.add(b.add(product('p'), product('q', 8)), b.add(input('s', [rows, width]), product('r'))));
  const exact = (await runGraph(b.graph, 'cpu', feeds))['sum']!;
  const joined = eliminateDeadCode(
    int8Products(b.graph, new WeightStore({ read: () => assert.fail('no weight is read') })),
  );
  const shapes = joined.nodes.flatMap(({ op, inputs }) =>
    op.type === 'matmulInt8' ? [inputs.map(({ shape }) => shape)] : [],
  );
  assert.deepEqual(shapes, [[[rows, 56], [56, width], [width]]]);
  const found = (await runGraph(joined, 'cpu', feeds))['sum']!;
  const squares = (values: readonly number[]): number => values.reduce((sum, value) => sum + value * value, 0);
  const error = Math.sqrt(squares(found.map((value, i) => value - exact[i]!)) / squares(exact));
  assert.ok(error > 0 && error < 0.03, String(error));
});
