/** A graph with narrow weights gives the numbers of the wide one within the steps of its storage, and holds fewer bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linearLayers, narrowGraph, type Storage } from '../../../src/trainer/compile/narrowGraph.js';
import { NarrowWeights } from '../../../src/trainer/compile/narrowWeights.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import type { Graph } from '../../../src/trainer/ir/graph.js';
import { Random } from '../../../src/trainer/core/random.js';
import { runGraph } from '../onnx/runGraph.js';

const [m, k, n] = [20, 48, 64];
const random = new Random(3, 'narrow');
const normals = (length: number, scale = 1): Float32Array =>
  Float32Array.from({ length }, () => scale * random.normal());
const x = [...normals(m * k)];
const [w, head, bias, table] = [normals(n * k, 0.1), normals(32 * n, 0.1), normals(n), normals(m * k)];

/** (x + table) · wᵀ + bias, GELU, · headᵀ. */
function network(shift: Float32Array = bias): Graph {
  const b = new Builder();
  const rows = b.add(b.input('x', [m, k]), b.constant('positions', [m, k], table));
  const inner = b.matmul(rows, b.constant('w', [n, k], w), { transB: true, bias: b.constant('bias', [n], shift) });
  b.output('y', b.matmul(b.gelu(inner), b.constant('head', [32, n], head), { transB: true }));
  return b.graph;
}

const bytesOf = ({ nodes }: Graph): number =>
  nodes.reduce((sum, { op }) => sum + (op.type === 'constant' ? op.data.byteLength : 0), 0);

const range = () => ({ low: -5, high: 5 });
const narrowed = (graph: Graph, storage: Storage, table: 'fp32' | 'fp16' | 'int8' = 'fp32'): Graph =>
  narrowGraph(graph, { layer: () => storage, table, range }, new NarrowWeights());

/** The deviation of the outputs as a share of their own spread. */
async function deviation(graph: Graph): Promise<number> {
  const [wide, narrow] = [await runGraph(network(), 'cpu', { x }), await runGraph(graph, 'cpu', { x })];
  const [a, b] = [wide.y!, narrow.y!];
  const squares = a.reduce((sum, value) => sum + value ** 2, 0);
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / squares);
}

test('the layers are the products by weights of their own that are large enough', () => {
  assert.deepEqual(
    linearLayers(network()).map(({ name, rows }) => [name, rows.shape]),
    [
      ['w', [m, k]],
      ['head', [m, n]],
    ],
  );
});

for (const [storage, most, least, share] of [
  ['fp16', 1e-3, 1e-6, 0.75],
  ['int8', 0.01, 1e-4, 0.6],
  ['int8-static', 0.04, 1e-3, 0.6],
  ['int4', 0.15, 0.01, 0.5],
] as const) {
  test(`${storage}: the outputs differ by its rounding and no more, and the weights take fewer bytes`, async () => {
    const graph = narrowed(network(), storage);
    const found = await deviation(graph);
    assert.ok(found > least && found < most, String(found));
    assert.ok(bytesOf(graph) < share * bytesOf(network()), String(bytesOf(graph) / bytesOf(network())));
  });
}

test('fp32 leaves the graph as it is', async () => assert.equal(await deviation(narrowed(network(), 'fp32')), 0));

test('a table is stored narrow, a vector and the normalisation of pixels are not', () => {
  const b = new Builder();
  const input = b.input('x', [2, 2048]);
  const row = (name: string) => b.constant(name, [2048], normals(2048));
  b.output(
    'y',
    b.add(b.mul(input, row('pixel.factor')), b.add(row('bias'), b.constant('t', [2, 2048], normals(4096)))),
  );
  const dtypes = narrowed(b.graph, 'int8', 'int8').nodes.flatMap(({ op }) =>
    op.type === 'constant' ? [[op.name, op.dtype]] : [],
  );
  assert.deepEqual(dtypes.sort(), [
    ['bias', 'f32'],
    ['pixel.factor', 'f32'],
    ['t', 'i8'],
    ['t.scale', 'f32'],
  ]);
});

test('what does not fit stays wider: numbers beyond a half, and a bias beyond 32 bits', async () => {
  const b = new Builder();
  const large = b.constant('w', [n, k], normals(n * k, 1e6));
  b.output('y', b.matmul(b.input('x', [m, k]), large, { transB: true }));
  const types = (graph: Graph): string[] => graph.nodes.map(({ op }) => op.type);
  assert.ok(!types(narrowed(b.graph, 'fp16')).includes('cast'));
  const shifted = narrowed(network(bias.map(() => 1e9)), 'int8-static');
  assert.deepEqual(
    types(shifted).filter((type) => type === 'matmul' || type === 'matmulQdq' || type === 'dequantize'),
    ['dequantize', 'matmul', 'matmulQdq'],
  );
});

test('a row of zeros keeps its bias', async () => {
  const rows = w.slice().fill(0, 0, k);
  const b = new Builder();
  const shift = b.constant('bias', [n], bias);
  b.output('y', b.matmul(b.input('x', [m, k]), b.constant('w', [n, k], rows), { transB: true, bias: shift }));
  const { y } = await runGraph(narrowed(b.graph, 'int8-static'), 'cpu', { x });
  for (let i = 0; i < m; i++) assert.ok(Math.abs(y![i * n]! - bias[0]!) < 1e-4, String(y![i * n]));
});
