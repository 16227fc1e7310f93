/** The emission of the IR as ONNX: a total table from op type to the ONNX nodes that compute it. */
import type { Emitter } from './emitter.js';
import type { Graph } from '../ir/graph.js';
import type { Node, Value } from '../ir/value.js';
import type { DType, Op, OpOf, OpType, Shape } from '../ir/op.js';
import { wordLevels } from '../ir/normalFloat.js';
import { sameShape, sizeOf } from '../ir/shape.js';
import type { DeviceName } from '../protocol.js';
import { dataTypeOf, encodeModel, ownOpset, type OnnxInitialiser, type OnnxModel } from './model.js';
import type { Attribute, OnnxBody, OnnxNode } from './onnxNode.js';
import { OnnxGraph } from './onnxGraph.js';
import { OpenSizes } from './openSizes.js';

type RuleOn<O extends Op> = (
  e: Emitter,
  op: O,
  inputs: readonly string[],
  outputs: readonly string[],
  node: Node,
) => void;
type Rule<T extends OpType> = RuleOn<OpOf<T>>;

/** A rule that writes the single standard operator `type`. */
const plain =
  (type: string, attributes?: Record<string, Attribute>): RuleOn<Op> =>
  (e, _op, inputs, outputs) =>
    e.node(type, inputs, outputs, attributes);

/** The last two axes swapped. */
const swapped = (rank: number): number[] =>
  [...Array(rank).keys()].map((axis) => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis));

const matmul: Rule<'matmul'> = (e, { transA, transB, alpha }, inputs, outputs, { outputs: [y] }) => {
  const rank = y!.shape.length;
  if (rank === 2)
    return e.node('Gemm', inputs, outputs, { transA: Number(transA), transB: Number(transB), alpha: { float: alpha } });
  const isPlain = !transA && !transB && alpha === 1;
  // ONNX Runtime's WebGPU provider has no FusedMatMul.
  if (!isPlain && e.device !== 'webgpu') {
    return e.node(
      'FusedMatMul',
      inputs,
      outputs,
      { transA: Number(transA), transB: Number(transB), alpha: { float: alpha } },
      'com.microsoft',
    );
  }
  const operand = (name: string, isTransposed: boolean): string => {
    if (!isTransposed) return name;
    const turned = e.fresh();
    e.node('Transpose', [name], [turned], { perm: swapped(rank) });
    return turned;
  };
  const [a, b] = [operand(inputs[0]!, transA), operand(inputs[1]!, transB)];
  if (alpha === 1) return e.node('MatMul', [a, b], outputs);
  const product = e.fresh();
  e.node('MatMul', [a, b], [product]);
  e.node('Mul', [product, e.float(alpha)], outputs);
};

const matmulInt8: Rule<'matmulInt8'> = (e, _op, [x, codes, scales, bias], outputs) =>
  // The empty name stands for the zero point: the codes are symmetric.
  e.node('DynamicQuantizeMatMul', [x!, codes!, scales!, ...(bias ? ['', bias] : [])], outputs, {}, 'com.microsoft');

/**
 * Written as pairs of QuantizeLinear and DequantizeLinear around a Gemm, which every runtime of ONNX computes, and
 * which ONNX Runtime makes one product of bytes. It does so only where each pair has its zero point.
 */
const matmulQdq: Rule<'matmulQdq'> = (e, { scale, zeroPoint }, [x, codes, scales, bias], outputs, { inputs }) => {
  const [rounded, rows, weight] = [e.fresh(), e.fresh(), e.fresh()];
  const n = inputs[1]!.shape[0]!;
  const range = [e.float(scale), e.byte(zeroPoint)];
  e.node('QuantizeLinear', [x!, ...range], [rounded]);
  e.node('DequantizeLinear', [rounded, ...range], [rows]);
  e.node('DequantizeLinear', [codes!, scales!, e.zeros('i8', n)], [weight], { axis: 0 });
  if (bias === undefined) return e.node('Gemm', [rows, weight], outputs, { transB: 1 });
  const [units, shift] = [e.fresh(), e.fresh()];
  e.node('Mul', [scales!, e.float(scale)], [units]);
  e.node('DequantizeLinear', [bias, units, e.zeros('i32', n)], [shift], { axis: 0 });
  e.node('Gemm', [rows, weight, shift], outputs, { transB: 1 });
};

const matmulInt4: Rule<'matmulInt4'> = (e, { blockSize }, operands, outputs, { inputs: [x, codes] }) =>
  e.node(
    'MatMulNBits',
    operands,
    outputs,
    { K: x!.shape[1]!, N: codes!.shape[0]!, bits: 4, block_size: blockSize },
    'com.microsoft',
  );

/** A reduction over `axes`, which are kept with size 1. Since version `since` of the operator they are an input. */
function reduce(
  e: Emitter,
  [type, since]: readonly [string, number],
  x: string,
  axes: readonly number[],
  y: string,
): void {
  if (e.opset < since) return e.node(type, [x], [y], { axes, keepdims: 1 });
  e.node(type, [x, e.integers(axes)], [y], { keepdims: 1 });
}
const reduceSum = ['ReduceSum', 13] as const;
const reduceMax = ['ReduceMax', 18] as const;

const logSoftmax: Rule<'logSoftmax'> = (e, _op, [x], outputs) => {
  // ONNX Runtime's WebGPU provider has no LogSoftmax: every step would wait for the CPU.
  if (e.device !== 'webgpu') return e.node('LogSoftmax', [x!], outputs, { axis: -1 });
  const [max, centred, power, sum, log] = [e.fresh(), e.fresh(), e.fresh(), e.fresh(), e.fresh()];
  reduce(e, reduceMax, x!, [-1], max);
  e.node('Sub', [x!, max], [centred]);
  e.node('Exp', [centred], [power]);
  reduce(e, reduceSum, power, [-1], sum);
  e.node('Log', [sum], [log]);
  e.node('Sub', [centred, log], outputs);
};

const dequantize: Rule<'dequantize'> = (e, { bits, blockSize, shape, remade }, [codes, scales], outputs) => {
  const size = sizeOf(shape);
  const blocks = Math.ceil(size / blockSize);
  // The same axis under two names: otherwise ONNX Runtime would merge a recomputed weight with the first one and hold
  // it from the forward to the backward pass.
  const axis = remade ? -2 : 0;
  const whole = size === blocks * blockSize;
  const numbers = e.fresh();
  if (bits === 8 && sameShape(shape, [blocks, blockSize]))
    return e.node('DequantizeLinear', [codes!, scales!], outputs, { axis });
  if (bits === 8) e.node('DequantizeLinear', [codes!, scales!], [numbers], { axis });
  else {
    const [rows, sum, words, levels, inBlocks, column] = [
      e.fresh(),
      e.fresh(),
      e.fresh(),
      e.fresh(),
      e.fresh(),
      e.fresh(),
    ];
    const weights = e.floats('nf4.bytes', [2], () => Float32Array.of(256, 1));
    e.node('DequantizeLinear', [codes!, weights], [rows], { axis });
    e.node('ReduceSum', [rows, e.integers([0])], [sum], { keepdims: 0 });
    e.node('Cast', [sum], [words], { to: dataTypeOf('i32') });
    e.node('Gather', [e.floats('nf4.levels', [65536, 4], wordLevels), words], [levels], { axis: 0 });
    e.node('Reshape', [levels, e.integers([blocks, blockSize])], [inBlocks]);
    e.node('Reshape', [scales!, e.integers([blocks, 1])], [column]);
    e.node('Mul', [inBlocks, column], [numbers]);
  }
  if (whole) return e.node('Reshape', [numbers, e.integers(shape)], outputs);
  const [flat, cut] = [e.fresh(), e.fresh()];
  e.node('Reshape', [numbers, e.integers([blocks * blockSize])], [flat]);
  e.node('Slice', [flat, e.integers([0]), e.integers([size]), e.integers([0])], [cut]);
  e.node('Reshape', [cut, e.integers(shape)], outputs);
};

const softplus: Rule<'softplus'> = (e, _op, [x], outputs) => {
  // On WebGPU, written in operators of its provider: max(x, 0) + log(1 + e^-|x|), whose exponential is at most 1.
  if (e.device !== 'webgpu') return e.node('Softplus', [x!], outputs);
  const [positive, size, negated, power, sum, log] = [e.fresh(), e.fresh(), e.fresh(), e.fresh(), e.fresh(), e.fresh()];
  e.node('Relu', [x!], [positive]);
  e.node('Abs', [x!], [size]);
  e.node('Neg', [size], [negated]);
  e.node('Exp', [negated], [power]);
  e.node('Add', [power, e.float(1)], [sum]);
  e.node('Log', [sum], [log]);
  e.node('Add', [positive, log], outputs);
};

const keepLargest: Rule<'keepLargest'> = (e, { count }, [x], outputs) => {
  const [largest, places, least, isBelow] = [e.fresh(), e.fresh(), e.fresh(), e.fresh()];
  e.node('TopK', [x!, e.integers([count])], [largest, places]);
  e.node('Slice', [largest, e.integers([count - 1]), e.integers([count]), e.integers([-1])], [least]);
  e.node('Less', [x!, least], [isBelow]);
  e.node('Where', [isBelow, e.float(-1e30), x!], outputs);
};

const gelu: Rule<'gelu'> = (e, _op, [x], outputs) => {
  if (e.opset >= 20) return e.node('Gelu', [x!], outputs);
  const [scaled, error, share, half] = [e.fresh(), e.fresh(), e.fresh(), e.fresh()];
  e.node('Mul', [x!, e.float(Math.SQRT1_2)], [scaled]);
  e.node('Erf', [scaled], [error]);
  e.node('Add', [error, e.float(1)], [share]);
  e.node('Mul', [x!, e.float(0.5)], [half]);
  e.node('Mul', [half, share], outputs);
};

const geluSlope: Rule<'geluSlope'> = (e, _op, [x], outputs) => {
  const [z, error, square, power, density, rise, sum, twice] = [
    e.fresh(),
    e.fresh(),
    e.fresh(),
    e.fresh(),
    e.fresh(),
    e.fresh(),
    e.fresh(),
    e.fresh(),
  ];
  // ½ (1 + erf z + 2/√π · z e^-z²) with z = x/√2; the factor is moved into the exponent, which saves a pass over
  // the values.
  e.node('Mul', [x!, e.float(Math.SQRT1_2)], [z]);
  // Written first and so computed last, when nothing else needs z and its buffer can be reused.
  e.node('Erf', [z], [error]);
  e.node('Mul', [z, z], [square]);
  e.node('Sub', [e.float(Math.log(2 / Math.sqrt(Math.PI))), square], [power]);
  e.node('Exp', [power], [density]);
  e.node('Mul', [z, density], [rise]);
  e.node('Add', [error, rise], [sum]);
  e.node('Add', [sum, e.float(1)], [twice]);
  e.node('Mul', [twice, e.float(0.5)], outputs);
};

/** The nodes of a network from a file, from `x` to `y`, which is f32. */
export function networkNodes({ parts: { input, output, nodes } }: OnnxGraph, x: string, y: string): OnnxNode[] {
  const cast = (from: string, to: string, type: number): OnnxNode => ({
    type: 'Cast',
    inputs: [from],
    outputs: [to],
    attributes: { to: type },
  });
  return [cast(x, input.name, input.type), ...nodes, cast(output, y, dataTypeOf('f32'))];
}

const foreign: Rule<'foreign'> = (e, { graph }, [x], [y], node) => {
  if (!(graph instanceof OnnxGraph)) throw new Error('a foreign network that is not an ONNX graph');
  const { single } = graph.parts;
  if (!single) return e.nodes(networkNodes(graph, x!, y!));
  const [image, batch, answer, row] = [e.fresh(), e.fresh(), e.fresh(), e.fresh()];
  const reshape = (from: string, to: string, shape: Shape): OnnxNode => ({
    type: 'Reshape',
    inputs: [from, e.integers(shape)],
    outputs: [to],
  });
  const body: OnnxBody = {
    inputs: [{ name: image, dtype: node.inputs[0]!.dtype, shape: single.input }],
    nodes: e.named([
      reshape(image, batch, [1, ...single.input]),
      ...networkNodes(graph, batch, answer),
      reshape(answer, row, single.output),
    ]),
    outputs: [{ name: row, dtype: 'f32', shape: single.output }],
  };
  e.node('Scan', [x!], [y!], { body: { graph: body }, num_scan_inputs: 1 });
};

const rules: { [T in OpType]: Rule<T> } = {
  input: () => undefined,
  constant: () => undefined,
  add: plain('Add'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  minimum: plain('Min'),
  maximum: plain('Max'),
  neg: plain('Neg'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  erf: plain('Erf'),
  tanh: plain('Tanh'),
  sigmoid: plain('Sigmoid'),
  stopGradient: plain('Identity'),
  softplus,
  relu: plain('Relu'),
  gelu,
  geluSlope,
  softmax: plain('Softmax', { axis: -1 }),
  logSoftmax,
  keepLargest,
  cast: (e, op, inputs, outputs) => e.node('Cast', inputs, outputs, { to: dataTypeOf(op.to) }),
  matmul,
  matmulInt8,
  matmulQdq,
  matmulInt4,
  transpose: (e, op, inputs, outputs) => e.node('Transpose', inputs, outputs, { perm: op.perm }),
  reshape: (e, op, [x], outputs, node) => e.node('Reshape', [x!, e.shape(node, op.shape)], outputs),
  slice: (e, op, [x], outputs) =>
    e.node('Slice', [x!, e.integers([op.start]), e.integers([op.end]), e.integers([op.axis])], outputs),
  concat: (e, op, inputs, outputs) => e.node('Concat', inputs, outputs, { axis: op.axis }),
  expand: (e, op, [x], outputs, node) => e.node('Expand', [x!, e.shape(node, op.shape)], outputs),
  sum: (e, op, [x], [y]) => reduce(e, reduceSum, x!, op.axes, y!),
  layerNorm: (e, op, inputs, outputs) =>
    e.node('LayerNormalization', inputs, outputs, { axis: -1, epsilon: { float: op.epsilon } }),
  dequantize,
  foreign,
};

/** Whether a node expands a weight that is stored in fewer bits than it is used in. */
const makesWeight = ({ op, inputs }: Node): boolean =>
  op.type === 'dequantize' || (op.type === 'cast' && makesWeight(inputs[0]!.node));

/**
 * The ONNX model that computes `graph`'s outputs on `device`; inputs and outputs keep their names. With `named`, nodes
 * are named after their regions, as profiles show them. `twin` is the same graph built for twice the batch: the sizes
 * in which the two differ are left open, so the model takes any batch.
 */
export function emitModel(
  graph: Graph,
  device: DeviceName,
  { twin, named = false }: { twin?: Graph; named?: boolean } = {},
): OnnxModel {
  const nodes: OnnxNode[] = [];
  // ONNX Runtime computes a node's inputs in the reverse order of their definition. Dequantised weights are written
  // first, so each is computed just before its use. Written after the activations, all of them would be computed, and
  // held, before anything else.
  const dequantised: OnnxNode[] = [];
  let writing = nodes;
  let region = '';
  const initialisers: OnnxInitialiser[] = [];
  const small = new Map<string, string>();
  const names = new Map<Value, string>();
  const open = twin && new OpenSizes(graph, twin);
  const nameOf = (value: Value): string => names.get(value) ?? `v${value.id}`;
  const initialiser = (dtype: DType, shape: Shape, data: OnnxInitialiser['data'], key?: string): string => {
    const known = key && small.get(key);
    if (known) return known;
    const name = `c${initialisers.length}`;
    initialisers.push({ name, shape, dtype, data });
    if (key) small.set(key, name);
    return name;
  };
  let fresh = 0;
  const foreign = graph.nodes.flatMap(({ op }) =>
    op.type === 'foreign' && op.graph instanceof OnnxGraph ? [op.graph] : [],
  )[0];
  const emitter: Emitter = {
    device,
    opset: foreign?.parts.opset ?? ownOpset,
    nodes: (several) => void writing.push(...emitter.named(several)),
    named: (several) =>
      region
        ? several.map((each, i) => ({ ...each, name: `${region}${dequantised.length + nodes.length + i}` }))
        : several,
    node(type, inputs, outputs, attributes, domain) {
      const name = region && `${region}${dequantised.length + nodes.length}`;
      writing.push({ type, name, inputs, outputs, attributes, domain });
    },
    integers: (values) =>
      initialiser('i64', [values.length], BigInt64Array.from(values, BigInt), `i64:${values.join()}`),
    shape: (node, shape) => (open ? open.shape(emitter, node, shape) : emitter.integers(shape)),
    floats: (key, shape, data) => small.get(key) ?? initialiser('f32', shape, data(), key),
    float: (value) => initialiser('f32', [], Float32Array.of(value), `f32:${value}`),
    byte: (value) => initialiser('u8', [], Uint8Array.of(value), `u8:${value}`),
    zeros: (dtype, length) =>
      initialiser(dtype, [length], new (dtype === 'i8' ? Int8Array : Int32Array)(length), `zeros:${dtype}:${length}`),
    fresh: () => `t${fresh++}`,
  };
  for (const node of graph.nodes) {
    const { op } = node;
    if (op.type === 'input') names.set(node.outputs[0]!, op.name);
    if (op.type === 'constant') names.set(node.outputs[0]!, op.name || initialiser(op.dtype, op.shape, op.data));
    if (op.type === 'constant' && op.name) initialisers.push(op);
    writing = makesWeight(node) ? dequantised : nodes;
    if (named) region = `${node.region.pass}|${node.region.part}|`;
    (rules[op.type] as RuleOn<Op>)(emitter, op, node.inputs.map(nameOf), node.outputs.map(nameOf), node);
  }
  writing = nodes;
  if (named) region = 'output|rest|';
  const outputs = [...graph.outputs].map(([name, value]) => {
    emitter.node('Identity', [nameOf(value)], [name]);
    return { name, shape: open?.signature(value) ?? value.shape, dtype: value.dtype };
  });
  const inputs = graph.nodes.flatMap(({ op, outputs: [value] }) =>
    op.type === 'input' ? [{ ...op, shape: open?.signature(value!) ?? op.shape }] : [],
  );
  return { nodes: [...dequantised, ...nodes], initialisers, inputs, outputs, foreign };
}

/** The bytes of that model. */
export const emit = (graph: Graph, device: DeviceName): Uint8Array => encodeModel(emitModel(graph, device));
