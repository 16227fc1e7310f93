/** The ops of the IR in TensorFlow's kernels: a total table from op type to the kernels that compute it. */
import { wordLevels } from '../../ir/normalFloat.js';
import type { Op, OpOf, OpType } from '../../ir/op.js';
import { sizeOf } from '../../ir/shape.js';
import type { Node } from '../../ir/value.js';
import type { Handle } from './binding.js';
import type { Kernels } from './kernels.js';

/** Computes the outputs of a node, each as a new handle. */
type RuleOn<O extends Op> = (k: Kernels, op: O, inputs: readonly Handle[], node: Node) => readonly Handle[];
type Rule<T extends OpType> = RuleOn<OpOf<T>>;

/** A rule that calls one kernel on numbers of one type. */
const plain =
  (name: string): RuleOn<Op> =>
  (k, _op, inputs, { inputs: [x] }) => [k.plain(name, inputs, x!.dtype)];

const byCaller: RuleOn<Op> = (_k, op) => {
  throw new Error(`${op.type} has its value before a graph runs`);
};

const matmul: Rule<'matmul'> = (k, { transA, transB, alpha }, [a, b, bias], { inputs, outputs: [y] }) => {
  const { dtype, shape } = y!;
  const options = { transA, transB, rank: shape.length, dtype };
  const scale = (x: Handle): Handle => {
    const factor = dtype === 'f32' ? k.float(alpha) : k.cast(k.float(alpha), 'f32', dtype);
    return k.plain('Mul', [x, factor], dtype);
  };
  // The factor is applied where it meets the fewest numbers.
  const sizes = [...inputs.slice(0, 2).map((value) => sizeOf(value.shape)), sizeOf(shape)];
  const smallest = alpha === 1 ? -1 : sizes.indexOf(Math.min(...sizes));
  const product = k.matmul(smallest === 0 ? scale(a!) : a!, smallest === 1 ? scale(b!) : b!, options);
  const scaled = smallest === 2 ? scale(product) : product;
  return [bias === undefined ? scaled : k.plain('BiasAdd', [scaled, bias], dtype)];
};

/** x / step rounded to whole numbers between `least` and `most`. */
const roundedBetween = (k: Kernels, x: Handle, step: Handle, least: Handle, most: Handle): Handle => {
  // "Rint" rounds ties to even, as ONNX does.
  const whole = k.plain('Rint', [k.plain('RealDiv', [x, step])]);
  return k.plain('ClipByValue', [whole, least, most]);
};

const matmulInt8: Rule<'matmulInt8'> = (k, _op, [x, codes, scales, bias]) => {
  const axes = [0, 1];
  const zero = k.float(0);
  const low = k.plain('Minimum', [k.reduce('Min', x!, axes), zero]);
  const high = k.plain('Maximum', [k.reduce('Max', x!, axes), zero]);
  // A matrix of zeros has a range of 0: any step will do.
  const least = k.float(2 ** -126);
  const step = k.plain('Maximum', [k.plain('RealDiv', [k.plain('Sub', [high, low]), k.float(255)]), least]);
  const zeroPoint = k.plain('Rint', [k.plain('RealDiv', [k.plain('Neg', [low]), step])]);
  const from = k.reshape(k.plain('Neg', [zeroPoint]), []);
  const to = k.plain('Sub', [k.float(255), k.reshape(zeroPoint, [])]);
  const levels = roundedBetween(k, x!, step, from, to);
  const sums = k.matmul(levels, k.cast(codes!, 'i8', 'f32'));
  const y = k.plain('Mul', [sums, k.plain('Mul', [step, scales!])]);
  return [bias === undefined ? y : k.plain('BiasAdd', [y, bias])];
};

const matmulQdq: Rule<'matmulQdq'> = (k, { scale, zeroPoint }, [x, codes, scales, bias]) => {
  const levels = roundedBetween(k, x!, k.float(scale), k.float(-zeroPoint), k.float(255 - zeroPoint));
  const sums = k.matmul(levels, k.cast(codes!, 'i8', 'f32'), { transB: true });
  const shifted = bias === undefined ? sums : k.plain('BiasAdd', [sums, k.cast(bias, 'i32', 'f32')]);
  return [k.plain('Mul', [shifted, k.plain('Mul', [scales!, k.float(scale)])])];
};

/** Bytes of `shape` as the two numbers in each, [...shape, 2] as f32: the lower half first. */
function halvesOfBytes(k: Kernels, bytes: Handle): Handle {
  const halves = [
    k.plain('BitwiseAnd', [bytes, k.byte(15)], 'u8'),
    k.plain('RightShift', [bytes, k.byte(4)], 'u8'),
  ].map((half) => k.cast(half, 'u8', 'f32'));
  return k.call('Pack', halves, k.type('T', 'f32'), k.count('N', 2), k.count('axis', -1));
}

const matmulInt4: Rule<'matmulInt4'> = (k, { blockSize }, [x, codes, scales, zeroPoints], { inputs, outputs }) => {
  const [n, blocks] = inputs[2]!.shape as [number, number];
  const inner = inputs[0]!.shape[1]!;
  const pairs = inputs[3]!.shape[1]!;
  const numbers = k.reshape(halvesOfBytes(k, codes!), [n, blocks, blockSize]);
  const points = k.slice(k.reshape(halvesOfBytes(k, zeroPoints!), [n, 2 * pairs]), [0, 0], [n, blocks]);
  const centred = k.plain('Sub', [numbers, k.reshape(points, [n, blocks, 1])]);
  const scaled = k.plain('Mul', [centred, k.reshape(scales!, [n, blocks, 1])]);
  const weight = k.slice(k.reshape(scaled, [n, blocks * blockSize]), [0, 0], [n, inner]);
  return [k.matmul(x!, weight, { transB: true, rank: outputs[0]!.shape.length })];
};

const dequantize: Rule<'dequantize'> = (k, { bits, blockSize, shape }, [codes, scales]) => {
  const size = sizeOf(shape);
  const blocks = Math.ceil(size / blockSize);
  const numbers = bits === 8 ? k.cast(codes!, 'i8', 'f32') : levelsOfWords(k, codes!);
  const inBlocks = k.reshape(numbers, [blocks, blockSize]);
  const scaled = k.plain('Mul', [inBlocks, k.reshape(scales!, [blocks, 1])]);
  if (size === blocks * blockSize) return [k.reshape(scaled, shape)];
  return [k.reshape(k.slice(k.reshape(scaled, [blocks * blockSize]), [0], [size]), shape)];
};

/** The levels of NF4 that words of four codes select, [words, 4]; see `normalFloat.ts`. */
function levelsOfWords(k: Kernels, codes: Handle): Handle {
  // In f32, which holds these words exactly: TensorFlow's sums of integers run on the CPU alone.
  const weights = k.floats('nf4.bytes', [2, 1], () => Float32Array.of(256, 1));
  const words = k.reduce('Sum', k.plain('Mul', [k.cast(codes, 'u8', 'f32'), weights]), [0]);
  const places = k.reshape(k.cast(words, 'f32', 'i32'), [-1], 'i32');
  const table = k.floats('nf4.levels', [65536, 4], wordLevels);
  return k.call(
    'GatherV2',
    [table, places, k.integers(0)],
    k.type('Tparams', 'f32'),
    k.type('Tindices', 'i32'),
    k.type('Taxis', 'i32'),
    k.count('batch_dims', 0),
  );
}

const keepLargest: Rule<'keepLargest'> = (k, { count }, [x], { inputs }) => {
  const [largest] = k.callAll('TopKV2', [x!, k.integers(count)], [k.flag('sorted', true), k.type('T', 'f32')], 2);
  const least = k.reduce('Min', largest!, [inputs[0]!.shape.length - 1]);
  const isBelow = k.plain('Less', [x!, least]);
  return [k.plain('SelectV2', [isBelow, k.float(-1e30), x!])];
};

const gelu: Rule<'gelu'> = (k, _op, [x]) => {
  const error = k.plain('Erf', [k.plain('Mul', [x!, k.float(Math.SQRT1_2)])]);
  const share = k.plain('AddV2', [error, k.float(1)]);
  return [k.plain('Mul', [k.plain('Mul', [x!, k.float(0.5)]), share])];
};

const geluSlope: Rule<'geluSlope'> = (k, _op, [x]) => {
  // ½ (1 + erf z + 2/√π · z e^-z²) with z = x/√2, as the ONNX emission has it.
  const z = k.plain('Mul', [x!, k.float(Math.SQRT1_2)]);
  const power = k.plain('Sub', [k.float(Math.log(2 / Math.sqrt(Math.PI))), k.plain('Square', [z])]);
  const rise = k.plain('Mul', [z, k.plain('Exp', [power])]);
  const twice = k.plain('AddV2', [k.plain('AddV2', [k.plain('Erf', [z]), rise]), k.float(1)]);
  return [k.plain('Mul', [twice, k.float(0.5)])];
};

const layerNorm: Rule<'layerNorm'> = (k, { epsilon }, [x, gamma, beta], { inputs }) => {
  const axes = [inputs[0]!.shape.length - 1];
  const mean = k.reduce('Mean', x!, axes);
  const centred = k.plain('Sub', [x!, mean]);
  const variance = k.reduce('Mean', k.plain('Square', [centred]), axes);
  const inverse = k.plain('Rsqrt', [k.plain('AddV2', [variance, k.float(epsilon)])]);
  const scaled = k.plain('Mul', [k.plain('Mul', [centred, inverse]), gamma!]);
  return [k.plain('AddV2', [scaled, beta!]), mean, inverse];
};

const rules: { [T in OpType]: Rule<T> } = {
  input: byCaller,
  constant: byCaller,
  add: plain('AddV2'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('RealDiv'),
  minimum: plain('Minimum'),
  maximum: plain('Maximum'),
  neg: plain('Neg'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  erf: plain('Erf'),
  tanh: plain('Tanh'),
  sigmoid: plain('Sigmoid'),
  stopGradient: plain('Identity'),
  softplus: plain('Softplus'),
  relu: plain('Relu'),
  gelu,
  geluSlope,
  softmax: plain('Softmax'),
  logSoftmax: plain('LogSoftmax'),
  keepLargest,
  cast: (k, { to }, [x], { inputs }) => [k.cast(x!, inputs[0]!.dtype, to)],
  matmul,
  matmulInt8,
  matmulQdq,
  matmulInt4,
  transpose: (k, { perm }, [x], { inputs }) => [
    k.call('Transpose', [x!, k.integers(perm)], k.type('T', inputs[0]!.dtype), k.type('Tperm', 'i32')),
  ],
  reshape: (k, { shape }, [x], { inputs }) => [k.reshape(x!, shape, inputs[0]!.dtype)],
  slice: (k, { axis, start }, [x], { inputs, outputs }) => {
    const { shape, dtype } = outputs[0]!;
    const begin = inputs[0]!.shape.map((_, i) => (i === axis ? start : 0));
    return [k.slice(x!, begin, shape, dtype)];
  },
  concat: (k, { axis }, parts, { inputs }) => {
    const { dtype } = inputs[0]!;
    // The kernel wants two parts.
    if (parts.length === 1) return [k.plain('Identity', parts, dtype)];
    const attributes = [k.count('N', parts.length), k.type('T', dtype), k.type('Tidx', 'i32')];
    return [k.call('ConcatV2', [...parts, k.integers(axis)], ...attributes)];
  },
  expand: (k, { shape }, [x], { inputs }) => [
    k.call('BroadcastTo', [x!, k.integers(shape)], k.type('T', inputs[0]!.dtype), k.type('Tidx', 'i32')),
  ],
  sum: (k, { axes }, [x]) => [k.reduce('Sum', x!, axes)],
  layerNorm,
  dequantize,
  foreign: () => {
    throw new Error('the engine refuses networks from a file when it loads a graph');
  },
};

/** Computes a node that is neither an input nor a constant. */
export function compute(k: Kernels, node: Node, inputs: readonly Handle[]): readonly Handle[] {
  const rule = rules[node.op.type] as RuleOn<Op>;
  return k.scope(() => rule(k, node.op, inputs, node));
}
