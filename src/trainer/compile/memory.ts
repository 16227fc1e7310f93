/**
 * What a graph takes of memory while it runs: a walk over its values in the order in which ONNX Runtime computes them.
 */
import type { Graph } from '../ir/graph.js';
import type { Node, Value } from '../ir/value.js';
import type { DType, OpType, Shape } from '../ir/op.js';
import { sizeOf } from '../ir/shape.js';

const bytesOfType: Record<DType, number> = { f32: 4, f16: 2, i32: 4, i64: 8, u8: 1, i8: 1 };
export const bytesOf = ({ shape, dtype }: { shape: Shape; dtype: DType }): number => bytesOfType[dtype] * sizeOf(shape);

/** Whether a node is fed, or constant. */
export const isLeaf = ({ op }: Node): boolean => op.type === 'input' || op.type === 'constant';
/** The same bytes under another shape. */
const aliases: ReadonlySet<OpType> = new Set(['reshape', 'stopGradient']);
/** May write over an input of the same size that nothing reads later. */
const inPlace: ReadonlySet<OpType> = new Set([
  ...([
    'add',
    'sub',
    'mul',
    'div',
    'neg',
    'exp',
    'log',
    'sqrt',
    'erf',
    'tanh',
    'sigmoid',
    'relu',
    'geluSlope',
    'softmax',
    'logSoftmax',
  ] as const),
]);

/**
 * The nodes in the order in which ONNX Runtime computes them: from the last output on, a node's inputs before it, the
 * last made of them first.
 */
function executionOrder(graph: Graph): Node[] {
  const places = new Map(
    graph.nodes.map((node, place) => [node, node.op.type === 'dequantize' ? place - graph.nodes.length : place]),
  );
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; done: boolean }[] = [...graph.outputs.values()].map(({ node }) => ({ node, done: false }));
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.done) order.push(top.node);
    if (top.done || seen.has(top.node)) continue;
    seen.add(top.node);
    stack.push({ node: top.node, done: true });
    const inputs = top.node.inputs.map(({ node }) => node).filter((node) => !isLeaf(node) && !seen.has(node));
    for (const node of inputs.sort((a, b) => places.get(a)! - places.get(b)!)) stack.push({ node, done: false });
  }
  return order.filter((node) => !isLeaf(node));
}

/**
 * The most bytes that the values which `graph` makes take at once; its inputs, its constants and the scratch memory of
 * single kernels are not counted.
 */
export function peakBytes(graph: Graph): number {
  const order = executionOrder(graph);
  /** The value whose memory a value is in. */
  const owners = new Map<Value, Value>();
  const ownerOf = (value: Value): Value => owners.get(value) ?? value;
  for (const { op, inputs, outputs } of order) if (aliases.has(op.type)) owners.set(outputs[0]!, ownerOf(inputs[0]!));
  const lastUse = new Map<Value, number>();
  order.forEach(({ inputs, outputs }, place) =>
    [...outputs, ...inputs].forEach((value) => lastUse.set(ownerOf(value), place)),
  );
  for (const value of graph.outputs.values()) lastUse.set(ownerOf(value), Infinity);
  let live = 0;
  let peak = 0;
  for (const [place, node] of order.entries()) {
    const made = node.outputs.filter((value) => ownerOf(value) === value);
    const ending = [...new Set([...node.inputs.map(ownerOf), ...made])].filter(
      (value) => !isLeaf(value.node) && lastUse.get(value) === place,
    );
    const reused =
      inPlace.has(node.op.type) && ending.find((value) => value !== made[0] && bytesOf(value) === bytesOf(made[0]!));
    live += made.reduce((sum, value) => sum + bytesOf(value), 0) - (reused ? bytesOf(reused) : 0);
    peak = Math.max(peak, live);
    live -= ending.reduce((sum, value) => sum + (value === reused ? 0 : bytesOf(value)), 0);
  }
  return peak;
}
