/** The type of every op's outputs from its inputs: a total table, and the only place that checks the inputs. */
import type { Value } from './value.js';
import type { DType, Op, OpOf, OpType, Shape } from './op.js';

export interface TensorType {
  shape: Shape;
  dtype: DType;
}

/** An ill-typed graph: a bug in the code that built it, with the op and the shapes. */
export class IrError extends Error {
  constructor(op: Op, inputs: readonly TensorType[], why: string) {
    super(`${op.type}(${inputs.map((v) => `${v.dtype}[${v.shape.join(',')}]`).join(', ')}): ${why}`);
    this.name = 'IrError';
  }
}

export const sizeOf = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** NumPy broadcasting of two shapes; undefined when they do not fit. */
export function broadcast(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    out.push(Math.max(x, y));
  }
  return out;
}

type RuleOn<O extends Op> = (op: O, inputs: readonly Value[], fail: (why: string) => never) => TensorType[];
type Rule<T extends OpType> = RuleOn<OpOf<T>>;

const binary: RuleOn<Op> = (_op, inputs, fail) => {
  const [a, b] = inputs;
  if (!a || !b || inputs.length !== 2) return fail('takes two inputs');
  if (a.dtype !== 'f32' || b.dtype !== 'f32') return fail('takes f32');
  return [{ shape: broadcast(a.shape, b.shape) ?? fail('shapes do not broadcast'), dtype: 'f32' }];
};

const only = (inputs: readonly Value[], fail: (why: string) => never): Value =>
  inputs.length === 1 ? inputs[0]! : fail('takes one input');

const unary: RuleOn<Op> = (_op, inputs, fail) => {
  const x = only(inputs, fail);
  if (x.dtype !== 'f32') return fail('takes f32');
  return [{ shape: x.shape, dtype: 'f32' }];
};

const overLast: RuleOn<Op> = (op, inputs, fail) => {
  if (!only(inputs, fail).shape.length) return fail('needs at least one axis');
  return unary(op, inputs, fail);
};

const leaf: RuleOn<OpOf<'input' | 'constant'>> = (op, inputs, fail) => {
  if (inputs.length) return fail('takes no input');
  if (op.type === 'constant' && op.data.length !== sizeOf(op.shape))
    return fail(`${op.data.length} numbers for shape [${op.shape.join(',')}]`);
  return [{ shape: op.shape, dtype: op.dtype }];
};

const rules: { [T in OpType]: Rule<T> } = {
  input: leaf,
  constant: leaf,
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  minimum: binary,
  maximum: binary,
  neg: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  erf: unary,
  tanh: unary,
  sigmoid: unary,
  stopGradient: unary,
  softplus: unary,
  relu: unary,
  gelu: unary,
  geluSlope: unary,
  softmax: overLast,
  logSoftmax: overLast,
  keepLargest: (op, inputs, fail) => {
    const result = overLast(op, inputs, fail);
    const max = inputs[0]!.shape.at(-1)!;
    return op.count >= 1 && op.count <= max ? result : fail(`keeps from 1 to ${max}, not ${op.count}`);
  },
  cast: (op, inputs, fail) => [{ shape: only(inputs, fail).shape, dtype: op.to }],
  matmul: (op, inputs, fail) => {
    const [a, b, bias] = inputs;
    if (!a || !b || inputs.length > 3) return fail('takes two or three inputs');
    if ((a.dtype !== 'f32' && a.dtype !== 'f16') || inputs.some((v) => v.dtype !== a.dtype))
      return fail('takes f32, or f16');
    const rank = a.shape.length;
    if (rank < 2 || b.shape.length !== rank) return fail('needs two inputs of equal rank >= 2');
    const batch = a.shape.slice(0, -2);
    if (!sameShape(batch, b.shape.slice(0, -2))) return fail('leading axes differ');
    const at = (v: Value, fromEnd: number): number => v.shape[rank - fromEnd]!;
    const [m, ka] = op.transA ? [at(a, 1), at(a, 2)] : [at(a, 2), at(a, 1)];
    const [kb, n] = op.transB ? [at(b, 1), at(b, 2)] : [at(b, 2), at(b, 1)];
    if (ka !== kb) return fail(`inner sizes ${ka} and ${kb} differ`);
    if (bias && (rank !== 2 || !sameShape(bias.shape, [n]))) return fail(`bias must be [${n}] and the rank 2`);
    return [{ shape: [...batch, m, n], dtype: a.dtype }];
  },
  matmulInt8: (_op, inputs, fail) => {
    const [x, codes, scales, bias] = inputs;
    if (!x || !codes || !scales || inputs.length > 4) return fail('takes x, codes and scales, and a bias');
    if (x.dtype !== 'f32' || codes.dtype !== 'i8' || scales.dtype !== 'f32' || (bias && bias.dtype !== 'f32'))
      return fail('takes f32, i8 and f32');
    const [m, k] = x.shape;
    const [rows, n] = codes.shape;
    if (x.shape.length !== 2 || codes.shape.length !== 2 || k !== rows)
      return fail('x and codes must be matrices of equal inner size');
    for (const each of bias ? [scales, bias] : [scales])
      if (!sameShape(each.shape, [n!])) return fail(`scales and bias must be [${n}]`);
    return [{ shape: [m!, n!], dtype: 'f32' }];
  },
  matmulQdq: ({ scale, zeroPoint }, inputs, fail) => {
    const [x, codes, scales, bias] = inputs;
    if (!x || !codes || !scales || inputs.length > 4) return fail('takes x, codes and scales, and a bias');
    const dtypes: readonly DType[] = ['f32', 'i8', 'f32', 'i32'];
    if (inputs.some(({ dtype }, i) => dtype !== dtypes[i])) return fail('takes f32, i8, f32 and i32');
    if (!(scale > 0) || !Number.isInteger(zeroPoint) || zeroPoint < 0 || zeroPoint > 255)
      return fail(`no rounding by ${scale} from ${zeroPoint}`);
    const [n, k] = codes.shape;
    if (x.shape.length !== 2 || codes.shape.length !== 2 || x.shape[1] !== k)
      return fail('x and codes must be matrices of equal inner size');
    for (const each of bias ? [scales, bias] : [scales])
      if (!sameShape(each.shape, [n!])) return fail(`scales and bias must be [${n}]`);
    return [{ shape: [x.shape[0]!, n!], dtype: 'f32' }];
  },
  matmulInt4: ({ blockSize }, inputs, fail) => {
    const [x, codes, scales, zeroPoints] = inputs;
    if (!x || !codes || !scales || !zeroPoints || inputs.length !== 4)
      return fail('takes x, codes, scales and zero points');
    const dtypes: readonly DType[] = ['f32', 'u8', 'f32', 'u8'];
    if (inputs.some(({ dtype }, i) => dtype !== dtypes[i])) return fail('takes f32, u8, f32 and u8');
    // MatMulNBits' own limits.
    if (blockSize < 16 || (blockSize & (blockSize - 1)) !== 0) return fail(`no blocks of ${blockSize}`);
    const [m, k] = x.shape;
    if (x.shape.length !== 2) return fail('x must be a matrix');
    const [n, blocks] = [codes.shape[0]!, Math.ceil(k! / blockSize)];
    const wanted = [
      [n, blocks, blockSize / 2],
      [n, blocks],
      [n, Math.ceil(blocks / 2)],
    ];
    wanted.forEach((shape, i) => {
      if (!sameShape(inputs[i + 1]!.shape, shape))
        fail(`takes ${wanted.map((each) => `[${each.join(',')}]`).join(', ')}`);
    });
    return [{ shape: [m!, n], dtype: 'f32' }];
  },
  transpose: (op, inputs, fail) => {
    const x = only(inputs, fail);
    if (x.shape.length !== op.perm.length || new Set(op.perm).size !== op.perm.length)
      return fail(`perm ${op.perm.join(',')} does not fit`);
    return [{ shape: op.perm.map((axis) => x.shape[axis] ?? fail(`no axis ${axis}`)), dtype: x.dtype }];
  },
  reshape: (op, inputs, fail) => {
    const x = only(inputs, fail);
    if (sizeOf(x.shape) !== sizeOf(op.shape)) return fail(`cannot become [${op.shape.join(',')}]`);
    return [{ shape: op.shape, dtype: x.dtype }];
  },
  slice: (op, inputs, fail) => {
    const x = only(inputs, fail);
    const size = x.shape[op.axis];
    if (size === undefined || op.start < 0 || op.end > size || op.start >= op.end)
      return fail(`no ${op.start}:${op.end} on axis ${op.axis}`);
    return [{ shape: x.shape.map((d, i) => (i === op.axis ? op.end - op.start : d)), dtype: x.dtype }];
  },
  concat: (op, inputs, fail) => {
    const [first] = inputs;
    if (first?.shape[op.axis] === undefined) return fail(`no axis ${op.axis}`);
    const rest = (shape: Shape): Shape => shape.map((d, i) => (i === op.axis ? 0 : d));
    for (const v of inputs)
      if (!sameShape(rest(v.shape), rest(first.shape)) || v.dtype !== first.dtype) return fail('parts differ');
    const length = inputs.reduce((n, v) => n + v.shape[op.axis]!, 0);
    return [{ shape: first.shape.map((d, i) => (i === op.axis ? length : d)), dtype: first.dtype }];
  },
  expand: (op, inputs, fail) => {
    const x = only(inputs, fail);
    const shape = broadcast(x.shape, op.shape);
    if (!shape || !sameShape(shape, op.shape)) return fail(`does not broadcast to [${op.shape.join(',')}]`);
    return [{ shape, dtype: x.dtype }];
  },
  sum: (op, inputs, fail) => {
    const x = only(inputs, fail);
    if (x.dtype !== 'f32') return fail('takes f32');
    // No axes at all would mean every axis to ONNX.
    if (
      !op.axes.length ||
      new Set(op.axes).size !== op.axes.length ||
      op.axes.some((axis) => x.shape[axis] === undefined)
    )
      return fail(`no axes ${op.axes.join(',')}`);
    return [{ shape: x.shape.map((d, i) => (op.axes.includes(i) ? 1 : d)), dtype: 'f32' }];
  },
  layerNorm: (_op, inputs, fail) => {
    const [x, gamma, beta] = inputs;
    const width = x?.shape.at(-1);
    if (!x || !gamma || !beta || inputs.length !== 3 || width === undefined) return fail('takes x, gamma, beta');
    if (inputs.some((v) => v.dtype !== 'f32')) return fail('takes f32');
    if (!sameShape(gamma.shape, [width]) || !sameShape(beta.shape, [width]))
      return fail(`gamma and beta must be [${width}]`);
    const stats: TensorType = { shape: [...x.shape.slice(0, -1), 1], dtype: 'f32' };
    return [{ shape: x.shape, dtype: 'f32' }, stats, stats];
  },
  dequantize: ({ bits, blockSize, shape }, inputs, fail) => {
    const [codes, scales] = inputs;
    if (!codes || !scales || inputs.length !== 2) return fail('takes codes and scales');
    if (inputs.some(({ node: { op } }) => op.type !== 'constant' && op.type !== 'input'))
      return fail('takes constants or inputs');
    if (codes.dtype !== (bits === 8 ? 'i8' : 'u8') || scales.dtype !== 'f32')
      return fail(`takes ${bits === 8 ? 'i8' : 'u8'} and f32`);
    if (blockSize % 4) return fail(`blocks of ${blockSize} are not a multiple of 4`);
    const blocks = Math.ceil(sizeOf(shape) / blockSize);
    const packed = bits === 8 ? [blocks, blockSize] : [2, (blocks * blockSize) / 4];
    if (!sameShape(codes.shape, packed) || !sameShape(scales.shape, [blocks]))
      return fail(`takes [${packed.join(',')}] and [${blocks}]`);
    return [{ shape, dtype: 'f32' }];
  },
  foreign: ({ shape }, inputs, fail) => {
    const x = only(inputs, fail);
    if (x.dtype !== 'f32' && x.dtype !== 'u8') return fail('takes f32 or u8');
    if (shape[0] !== x.shape[0]) return fail(`cannot become [${shape.join(',')}]`);
    return [{ shape, dtype: 'f32' }];
  },
};

/** Types of the outputs of `op` on `inputs`; throws `IrError` when they do not fit. */
export function shapeRule(op: Op, inputs: readonly Value[]): TensorType[] {
  const rule = rules[op.type] as RuleOn<Op>;
  return rule(op, inputs, (why) => {
    throw new IrError(op, inputs, why);
  });
}
