/** The checker accepts graphs of the builder and names each kind of defect. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Builder } from '../../../src/trainer/ir/builder.js';
import { check } from '../../../src/trainer/ir/check.js';
import { Graph } from '../../../src/trainer/ir/graph.js';
import type { Node, Value } from '../../../src/trainer/ir/value.js';
import type { Op } from '../../../src/trainer/ir/op.js';

/** A graph with three nodes: two inputs [2,3] and their sum, which is the output `sum`. */
function sound(): { graph: Graph; a: Value; sum: Value } {
  const b = new Builder();
  const a = b.input('a', [2, 3]);
  const sum = b.add(a, b.input('b', [2, 3]));
  b.output('sum', sum);
  return { graph: b.graph, a, sum };
}

/** Inserts a node as a faulty pass could: without the shape rule. */
function force(graph: Graph, op: Op, inputs: readonly Value[], outputs: readonly Partial<Value>[]): Node {
  const made: Value[] = [];
  const node: Node = { op, inputs, outputs: made, region: { pass: 'forward', part: 'rest' } };
  outputs.forEach((output, index) =>
    made.push({ id: 100 + index, shape: [2, 3], dtype: 'f32', node, index, ...output }),
  );
  graph.nodes.push(node);
  return node;
}

const fails = (graph: Graph, message: string): void => assert.throws(() => check(graph), { message });

test('a built graph passes', () => {
  const b = new Builder();
  const x = b.input('x', [2, 3]);
  const [y] = b.layerNorm(
    x,
    b.constant('gamma', [3], new Float32Array(3)),
    b.constant('beta', [3], new Float32Array(3)),
    1e-6,
  );
  b.output('loss', b.total(b.scale(y!, 0.5)));
  b.output('whole', x);
  check(b.graph);
  check(new Graph());
});

test('a value used before it is computed', () => {
  const { graph } = sound();
  graph.nodes.reverse();
  fails(graph, 'node 0 (add): uses value 0, which is not made before it');
});

test('a value of another graph', () => {
  const { graph } = sound();
  graph.append({ type: 'neg' }, [sound().a]);
  fails(graph, 'node 3 (neg): uses value 0, which is not made before it');
});

test('inputs that do not fit the op', () => {
  const { graph, a } = sound();
  force(graph, { type: 'transpose', perm: [0] }, [a], [{}]);
  fails(graph, 'transpose(f32[2,3]): perm 0 does not fit');
});

test('too few and too many outputs', () => {
  const few = sound();
  force(few.graph, { type: 'neg' }, [few.a], []);
  fails(few.graph, 'node 3 (neg): has 0 outputs instead of 1');
  const many = sound();
  force(many.graph, { type: 'neg' }, [many.a], [{}, {}]);
  fails(many.graph, 'node 3 (neg): has 2 outputs instead of 1');
});

test('an output that names another node or place', () => {
  const other = sound();
  force(other.graph, { type: 'neg' }, [other.a], [{ node: other.a.node }]);
  fails(other.graph, 'node 3 (neg): output 0 points elsewhere');
  const place = sound();
  force(place.graph, { type: 'neg' }, [place.a], [{ index: 1 }]);
  fails(place.graph, 'node 3 (neg): output 0 points elsewhere');
});

test('a shape and a type that differ from the rule', () => {
  const shape = sound();
  force(shape.graph, { type: 'neg' }, [shape.a], [{ shape: [3, 2] }]);
  fails(shape.graph, 'node 3 (neg): output 0 has a type the rule does not give');
  const dtype = sound();
  force(dtype.graph, { type: 'cast', to: 'i32' }, [dtype.a], [{ dtype: 'f32' }]);
  fails(dtype.graph, 'node 3 (cast): output 0 has a type the rule does not give');
});

test('a name taken twice, by inputs or constants', () => {
  const { graph } = sound();
  graph.append({ type: 'constant', name: 'a', shape: [1], dtype: 'f32', data: new Float32Array(1) }, []);
  fails(graph, 'node 3 (constant): name a is taken');
});

test('constants without a name do not clash', () => {
  const b = new Builder();
  b.output('y', b.add(b.scalar(1), b.scalar(2)));
  check(b.graph);
});

test('an output that no node of the graph computes', () => {
  const { graph } = sound();
  graph.outputs.set('foreign', sound().sum);
  fails(graph, 'output foreign is not made by the graph');
});

test('an output with the name of an input', () => {
  const { graph, sum } = sound();
  graph.outputs.set('a', sum);
  fails(graph, 'output a has the name of an input or a constant');
});
