/** The test inputs of every op: a total table, used by the tests of the emission and of the gradients. */
import type { Graph } from '../../../src/trainer/ir/graph.js';
import type { Value } from '../../../src/trainer/ir/value.js';
import type { ConstantData, DType, Op, OpOf, OpType, Shape } from '../../../src/trainer/ir/op.js';
import { sizeOf } from '../../../src/trainer/ir/shape.js';
import { squareNetwork } from '../onnx/squareNetwork.js';
import { Random } from '../../../src/trainer/core/random.js';

/** Values of one input: the listed ones, or random ones between `from` and `to` and at least `apart` from zero. */
interface Operand {
  shape: Shape;
  dtype?: DType;
  from?: number;
  to?: number;
  apart?: number;
  values?: readonly number[];
}

export interface CaseOf<O extends Op> {
  op: O;
  operands: readonly Operand[];
  /** The values are at a kink, overflow or have no gradient: only for the forward direction. */
  forwardOnly?: boolean;
}

export type OpCase = CaseOf<Op>;

/** Whether the case needs a device with fp16. */
export const takesHalves = ({ op, operands }: OpCase): boolean =>
  (op.type === 'cast' && op.to === 'f16') || operands.some(({ dtype }) => dtype === 'f16');

const of = (shape: Shape, more: Omit<Operand, 'shape'> = {}): Operand => ({ shape, ...more });
const exactly = (...values: number[]): Operand => ({ shape: [values.length], values });

const elementwiseShapes: readonly (readonly [Shape, Shape])[] = [
  [[5], [5]],
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [[3], [4, 2, 3]],
  [
    [2, 1, 4],
    [3, 1],
  ],
  [[2, 3], []],
  [[], [2, 3]],
  [[], []],
  [
    [2, 3, 4, 5],
    [3, 1, 5],
  ],
  [[3, 8], [8]],
  [
    [4, 8],
    [4, 1],
  ],
  [[4, 4], []],
];

/** Pairs of shapes that broadcast in every way. */
const binary = <O extends Op>(op: O, right: Omit<Operand, 'shape'> = {}): CaseOf<O>[] =>
  elementwiseShapes.map(([a, b]) => ({ op, operands: [of(a), of(b, right)] }));

const unary = <O extends Op>(op: O, values: Omit<Operand, 'shape'>, edges: readonly number[]): CaseOf<O>[] => [
  ...[[7], [2, 3, 4], [], [3, 1, 2, 5]].map((shape) => ({ op, operands: [of(shape, values)] })),
  { op, operands: [exactly(...edges)], forwardOnly: true },
];

const overLast = <O extends Op>(op: O): CaseOf<O>[] => [
  ...[[4], [3, 5], [2, 3, 4], [2, 2, 3, 1]].map((shape) => ({ op, operands: [of(shape, { from: -4, to: 4 })] })),
  { op, operands: [of([3, 197])], forwardOnly: true },
  { op, operands: [exactly(80, -80, 0, 79)], forwardOnly: true },
  { op, operands: [exactly(-1000, 1000, 999)], forwardOnly: true },
];

function matmul(): CaseOf<OpOf<'matmul'>>[] {
  const transposes = [false, true].flatMap((transA) => [false, true].map((transB) => ({ transA, transB })));
  const sizes = (batch: Shape, { transA, transB }: { transA: boolean; transB: boolean }): [Shape, Shape] => [
    [...batch, ...(transA ? [4, 3] : [3, 4])],
    [...batch, ...(transB ? [5, 4] : [4, 5])],
  ];
  const plain = transposes.flatMap((t) =>
    [[], [2], [2, 3]].flatMap((batch) =>
      [1, -0.25].map((alpha): CaseOf<OpOf<'matmul'>> => ({
        op: { type: 'matmul', ...t, alpha },
        operands: sizes(batch, t).map((shape) => of(shape)),
      })),
    ),
  );
  const biased = transposes.map((t): CaseOf<OpOf<'matmul'>> => ({
    op: { type: 'matmul', ...t, alpha: t.transA ? 3 : 1 },
    operands: [...sizes([], t).map((shape) => of(shape)), of([5])],
  }));
  const thin: CaseOf<OpOf<'matmul'>>[] = [
    { op: { type: 'matmul', transA: false, transB: false, alpha: 1 }, operands: [of([1, 6]), of([6, 1])] },
    { op: { type: 'matmul', transA: false, transB: true, alpha: 2 }, operands: [of([3, 2, 1]), of([3, 4, 1])] },
    { op: { type: 'matmul', transA: false, transB: false, alpha: 1 }, operands: [of([2, 1]), of([1, 1]), of([1])] },
  ];
  // Kernels of a GPU read four numbers at once where the sizes allow, and cut large products into tiles.
  const large = transposes.flatMap(({ transA, transB }): CaseOf<OpOf<'matmul'>>[] => {
    const shapes = (...batch: number[]): Operand[] => [
      of([...batch, ...(transA ? [64, 36] : [36, 64])]),
      of([...batch, ...(transB ? [40, 64] : [64, 40])]),
    ];
    return [
      { op: { type: 'matmul', transA, transB, alpha: 1 }, operands: [...shapes(), of([40])], forwardOnly: true },
      { op: { type: 'matmul', transA, transB, alpha: 0.125 }, operands: shapes(2), forwardOnly: true },
      { op: { type: 'matmul', transA, transB, alpha: 1 }, operands: shapes(1, 3), forwardOnly: true },
    ];
  });
  // Eighths, whose sums halves hold exactly.
  const eighths = (shape: Shape): Operand =>
    of(shape, { dtype: 'f16', values: Array.from({ length: sizeOf(shape) }, (_, i) => (((i * 7) % 17) - 8) / 8) });
  const halves = transposes.flatMap((t): CaseOf<OpOf<'matmul'>>[] => [
    { op: { type: 'matmul', ...t, alpha: 1 }, operands: sizes([], t).map(eighths), forwardOnly: true },
    { op: { type: 'matmul', ...t, alpha: 0.5 }, operands: sizes([2], t).map(eighths), forwardOnly: true },
  ]);
  return [...plain, ...biased, ...thin, ...large, ...halves];
}

function matmulInt8(): CaseOf<OpOf<'matmulInt8'>>[] {
  const make = (
    m: number,
    k: number,
    n: number,
    hasBias: boolean,
    x: Omit<Operand, 'shape'> = {},
  ): CaseOf<OpOf<'matmulInt8'>> => {
    const codes = Array.from({ length: k * n }, (_, i) => ((i * 89) % 127) - 63);
    const operands = [of([m, k], x), of([k, n], { dtype: 'i8', values: codes }), of([n], { from: 0.001, to: 0.01 })];
    return { op: { type: 'matmulInt8' }, operands: hasBias ? [...operands, of([n])] : operands };
  };
  return [
    make(3, 4, 5, true),
    make(3, 4, 5, false),
    make(1, 7, 1, true),
    make(70, 64, 36, true),
    // Numbers of one sign, so that zero is the end of the range; and zeros alone.
    make(5, 8, 3, false, { from: 0.5, to: 2 }),
    make(5, 8, 3, false, { from: -2, to: -0.5 }),
    make(2, 4, 3, true, { from: 0, to: 0 }),
    // The maximum codes everywhere: pairs of products that would overflow 16 bits with one more bit.
    {
      op: { type: 'matmulInt8' },
      operands: [
        of([2, 32], { values: Array.from({ length: 64 }, (_, i) => (i < 32 ? 255 : 1)) }),
        of([32, 2], { dtype: 'i8', values: Array.from({ length: 64 }, (_, i) => (i % 2 ? 63 : -63)) }),
        of([2]),
      ],
    },
  ];
}

function matmulQdq(): CaseOf<OpOf<'matmulQdq'>>[] {
  const make = (
    [m, k, n]: readonly [number, number, number],
    range: { scale: number; zeroPoint: number },
    hasBias: boolean,
    x: Omit<Operand, 'shape'> = {},
  ): CaseOf<OpOf<'matmulQdq'>> => {
    const codes = Array.from({ length: k * n }, (_, i) => ((i * 89) % 127) - 63);
    const whole = Array.from({ length: n }, (_, i) => 40 - 17 * i);
    const operands = [of([m, k], x), of([n, k], { dtype: 'i8', values: codes }), of([n], { from: 0.001, to: 0.01 })];
    const bias = of([n], { dtype: 'i32', values: whole });
    return { op: { type: 'matmulQdq', ...range }, operands: hasBias ? [...operands, bias] : operands };
  };
  return [
    make([3, 4, 5], { scale: 0.01, zeroPoint: 120 }, true),
    make([3, 4, 5], { scale: 0.01, zeroPoint: 120 }, false),
    make([1, 7, 1], { scale: 1 / 64, zeroPoint: 128 }, true),
    make([70, 64, 36], { scale: 0.009, zeroPoint: 100 }, true),
    // Numbers outside the range are cut off; the range may begin or end at zero.
    make([5, 8, 3], { scale: 0.002, zeroPoint: 0 }, true),
    make([5, 8, 3], { scale: 0.002, zeroPoint: 255 }, false),
  ];
}

function matmulInt4(): CaseOf<OpOf<'matmulInt4'>>[] {
  const make = (m: number, k: number, n: number, blockSize: number): CaseOf<OpOf<'matmulInt4'>> => {
    const blocks = Math.ceil(k / blockSize);
    const bytes = (shape: Shape, factor: number) =>
      of(shape, { dtype: 'u8', values: Array.from({ length: sizeOf(shape) }, (_, i) => (i * factor + 27) % 256) });
    return {
      op: { type: 'matmulInt4', blockSize },
      operands: [
        of([m, k]),
        bytes([n, blocks, blockSize / 2], 53),
        of([n, blocks], { from: 0.01, to: 0.1 }),
        bytes([n, Math.ceil(blocks / 2)], 37),
      ],
    };
  };
  // One block, an odd number of them, one that is filled up, and more rows than a kernel takes at a time.
  return [make(3, 32, 5, 32), make(2, 96, 4, 32), make(3, 40, 5, 16), make(1, 64, 1, 64), make(70, 128, 36, 32)];
}

function dequantize(): CaseOf<OpOf<'dequantize'>>[] {
  const of8 = (shape: Shape, blockSize: number, remade = false): CaseOf<OpOf<'dequantize'>> => {
    const blocks = Math.ceil(sizeOf(shape) / blockSize);
    const codes = Array.from({ length: blocks * blockSize }, (_, i) => ((i * 89) % 255) - 127);
    return {
      op: { type: 'dequantize', bits: 8, blockSize, shape, remade },
      operands: [of([blocks, blockSize], { dtype: 'i8', values: codes }), of([blocks])],
    };
  };
  const of4 = (shape: Shape, blockSize: number, remade = false): CaseOf<OpOf<'dequantize'>> => {
    const blocks = Math.ceil(sizeOf(shape) / blockSize);
    const words = (blocks * blockSize) / 4;
    const codes = Array.from({ length: 2 * words }, (_, i) => (i * 53 + 27) % 256);
    return {
      op: { type: 'dequantize', bits: 4, blockSize, shape, remade },
      operands: [of([2, words], { dtype: 'u8', values: codes }), of([blocks])],
    };
  };
  // Whole blocks, blocks across rows, a last block that is cut, one block, and more than one tile of a GPU; each also
  // as a recomputed weight.
  return [of8, of4].flatMap((make) => [
    make([6, 32], 64),
    make([5, 24], 8),
    make([3, 7], 16),
    make([4], 16),
    make([48, 64], 64),
    make([6, 32], 64, true),
    make([3, 7], 16, true),
  ]);
}

/** The network in the ONNX file of the tests: x² + 1. */
const squaresPlusOne = squareNetwork();

/** A view into a longer array, like the weights of a file. */
const weight: ConstantData = Float32Array.from({ length: 9 }, (_, i) => i / 3 - 1).subarray(2, 8);

export const opCases: { [T in OpType]: CaseOf<OpOf<T>>[] } = {
  input: [
    { op: { type: 'input', name: 'leaf', shape: [2, 3], dtype: 'f32' }, operands: [] },
    { op: { type: 'input', name: 'leaf', shape: [], dtype: 'f32' }, operands: [] },
    { op: { type: 'input', name: 'leaf', shape: [4], dtype: 'u8' }, operands: [], forwardOnly: true },
  ],
  constant: [
    { op: { type: 'constant', name: 'leaf', shape: [2, 3], dtype: 'f32', data: weight }, operands: [] },
    {
      op: { type: 'constant', name: 'leaf', shape: [3], dtype: 'i32', data: Int32Array.of(-7, 0, 2 ** 30) },
      operands: [],
      forwardOnly: true,
    },
    {
      op: { type: 'constant', name: 'leaf', shape: [2], dtype: 'i64', data: BigInt64Array.of(-1n, 2n ** 40n) },
      operands: [],
      forwardOnly: true,
    },
    {
      op: { type: 'constant', name: 'leaf', shape: [3], dtype: 'u8', data: Uint8Array.of(0, 128, 255) },
      operands: [],
      forwardOnly: true,
    },
  ],
  add: binary({ type: 'add' }),
  sub: binary({ type: 'sub' }),
  mul: binary({ type: 'mul' }),
  div: [
    ...binary({ type: 'div' }, { apart: 0.3 }),
    { op: { type: 'div' }, operands: [exactly(1, -1, 0, 3), exactly(4, 1e-30, -2, -1e30)], forwardOnly: true },
  ],
  minimum: [
    ...binary({ type: 'minimum' }),
    { op: { type: 'minimum' }, operands: [exactly(0, -3, 1e30, 2), exactly(0, 3, -1e30, 2)] },
  ],
  maximum: [
    ...binary({ type: 'maximum' }),
    { op: { type: 'maximum' }, operands: [exactly(0, -3, 1e30, 2), exactly(0, 3, -1e30, 2)] },
  ],
  neg: unary({ type: 'neg' }, {}, [0, -1e30, 1e-30]),
  exp: unary({ type: 'exp' }, {}, [0, -100, -1000, 20]),
  log: unary({ type: 'log' }, { from: 0.1, to: 5 }, [1, 1e-30, 1e30]),
  sqrt: unary({ type: 'sqrt' }, { from: 0.1, to: 5 }, [0, 1, 1e-20, 1e20]),
  erf: unary({ type: 'erf' }, {}, [0, 0.001, -0.5, 3, -3, 8, -100]),
  tanh: unary({ type: 'tanh' }, {}, [0, 0.001, 8, -8, 50, -1000]),
  stopGradient: unary({ type: 'stopGradient' }, {}, [0, -1e30, 1e-30]),
  sigmoid: unary({ type: 'sigmoid' }, { from: -4, to: 4 }, [0, 0.001, 20, -20, 100, -100]),
  softplus: unary({ type: 'softplus' }, { from: -4, to: 4 }, [0, 0.001, 20, -12, 100, -100, 1000]),
  relu: unary({ type: 'relu' }, { apart: 0.1 }, [0, -1e30, 1e-30, 1e30]),
  gelu: unary({ type: 'gelu' }, { from: -4, to: 4 }, [0, 0.001, 5, -5, 30, -30]),
  geluSlope: unary({ type: 'geluSlope' }, { from: -4, to: 4 }, [0, 0.001, 5, -5, 30, -30]),
  cast: [
    { op: { type: 'cast', to: 'f32' }, operands: [of([2, 3], { dtype: 'u8', values: [0, 1, 127, 128, 254, 255] })] },
    { op: { type: 'cast', to: 'f32' }, operands: [of([4], { dtype: 'i32', values: [-5, 0, 7, 16_777_216] })] },
    { op: { type: 'cast', to: 'i32' }, operands: [exactly(0, 0.9, -0.9, 2.5, -2.5, 1e6)] },
    { op: { type: 'cast', to: 'u8' }, operands: [exactly(0, 0.9, 127.5, 255)] },
    { op: { type: 'cast', to: 'i64' }, operands: [exactly(0, 3.7, -3.7)] },
    { op: { type: 'cast', to: 'i32' }, operands: [of([3], { dtype: 'u8', values: [0, 1, 255] })] },
    // Ties, the smallest number, and numbers that are too small or too large.
    {
      op: { type: 'cast', to: 'f16' },
      operands: [exactly(1, -1 / 3, 2049, 2051, 2 ** -24, 2 ** -26, 65504, 65519, 65520, -1e30)],
      forwardOnly: true,
    },
    {
      op: { type: 'cast', to: 'f32' },
      operands: [of([5], { dtype: 'f16', values: [0.5, -65504, 2 ** -24, 0, 1.0009765625] })],
      forwardOnly: true,
    },
  ],
  matmul: matmul(),
  matmulInt8: matmulInt8(),
  matmulQdq: matmulQdq(),
  matmulInt4: matmulInt4(),
  transpose: [
    { op: { type: 'transpose', perm: [1, 0] }, operands: [of([2, 3])] },
    { op: { type: 'transpose', perm: [2, 0, 1] }, operands: [of([2, 3, 4])] },
    { op: { type: 'transpose', perm: [0, 2, 1, 3] }, operands: [of([2, 3, 4, 5])] },
    { op: { type: 'transpose', perm: [0, 2, 4, 1, 3, 5] }, operands: [of([1, 2, 3, 2, 3, 2])] },
    { op: { type: 'transpose', perm: [1, 0] }, operands: [of([40, 36])], forwardOnly: true },
    // Pixels into patches, before they become f32.
    {
      op: { type: 'transpose', perm: [0, 1, 3, 5, 2, 4] },
      operands: [of([2, 2, 2, 2, 2, 3], { dtype: 'u8', values: Array.from({ length: 96 }, (_, i) => (i * 7) % 256) })],
      forwardOnly: true,
    },
    {
      op: { type: 'transpose', perm: [1, 0] },
      operands: [of([2, 3], { dtype: 'i32', values: [1, -2, 3, -4, 5, -6] })],
      forwardOnly: true,
    },
  ],
  reshape: [
    { op: { type: 'reshape', shape: [3, 2] }, operands: [of([2, 3])] },
    { op: { type: 'reshape', shape: [2, 2, 3, 1] }, operands: [of([4, 3])] },
    { op: { type: 'reshape', shape: [] }, operands: [of([1, 1])] },
    { op: { type: 'reshape', shape: [1] }, operands: [of([])] },
    {
      op: { type: 'reshape', shape: [4] },
      operands: [of([2, 2], { dtype: 'u8', values: [1, 2, 3, 255] })],
      forwardOnly: true,
    },
  ],
  slice: [
    { op: { type: 'slice', axis: 0, start: 1, end: 3 }, operands: [of([4])] },
    { op: { type: 'slice', axis: 1, start: 0, end: 1 }, operands: [of([2, 3, 4])] },
    { op: { type: 'slice', axis: 2, start: 2, end: 4 }, operands: [of([2, 3, 4])] },
    { op: { type: 'slice', axis: 1, start: 1, end: 2 }, operands: [of([2, 3, 2, 2])] },
  ],
  concat: [
    { op: { type: 'concat', axis: 0 }, operands: [of([2]), of([3])] },
    { op: { type: 'concat', axis: 1 }, operands: [of([2, 1, 4]), of([2, 3, 4])] },
    { op: { type: 'concat', axis: 2 }, operands: [of([2, 2, 1]), of([2, 2, 2]), of([2, 2, 3])] },
    { op: { type: 'concat', axis: 0 }, operands: [of([2, 3])] },
  ],
  expand: [
    { op: { type: 'expand', shape: [2, 3] }, operands: [of([3])] },
    { op: { type: 'expand', shape: [4, 2, 3] }, operands: [of([2, 1])] },
    { op: { type: 'expand', shape: [2, 2] }, operands: [of([])] },
    { op: { type: 'expand', shape: [4, 8] }, operands: [of([8])] },
    { op: { type: 'expand', shape: [3, 1, 4] }, operands: [of([1, 1, 4])] },
  ],
  sum: [
    { op: { type: 'sum', axes: [0] }, operands: [of([5])] },
    { op: { type: 'sum', axes: [1] }, operands: [of([2, 3, 4])] },
    { op: { type: 'sum', axes: [0, 2] }, operands: [of([2, 3, 4])] },
    { op: { type: 'sum', axes: [2] }, operands: [of([2, 3, 197], { from: 0 })], forwardOnly: true },
    { op: { type: 'sum', axes: [0, 1] }, operands: [of([4, 197, 8], { from: 0 })], forwardOnly: true },
    { op: { type: 'sum', axes: [0, 1, 2, 3] }, operands: [of([2, 3, 2, 2])] },
  ],
  softmax: overLast({ type: 'softmax' }),
  logSoftmax: overLast({ type: 'logSoftmax' }),
  keepLargest: [
    ...[[4], [3, 5], [2, 3, 4]].flatMap((shape) =>
      [1, 3].map((count) => ({ op: { type: 'keepLargest', count } as const, operands: [of(shape)] })),
    ),
    // All values kept, ties, and more rows than one thread computes.
    { op: { type: 'keepLargest', count: 3 }, operands: [exactly(1, 3, 2)], forwardOnly: true },
    { op: { type: 'keepLargest', count: 2 }, operands: [exactly(5, 1, 5, 5, 0)], forwardOnly: true },
    { op: { type: 'keepLargest', count: 20 }, operands: [of([16, 700])], forwardOnly: true },
  ],
  layerNorm: [
    ...[[6], [3, 4], [2, 3, 8], [2, 2, 3, 5]].map((shape): CaseOf<OpOf<'layerNorm'>> => ({
      op: { type: 'layerNorm', epsilon: 1e-6 },
      operands: [of(shape, { from: -3, to: 4 }), of(shape.slice(-1)), of(shape.slice(-1))],
    })),
    { op: { type: 'layerNorm', epsilon: 1e-6 }, operands: [of([5, 192]), of([192]), of([192])], forwardOnly: true },
    // A relevant epsilon, and a row of equal values.
    { op: { type: 'layerNorm', epsilon: 0.5 }, operands: [of([3, 4]), of([4]), of([4])] },
    {
      op: { type: 'layerNorm', epsilon: 1e-5 },
      operands: [of([2, 3], { values: [2, 2, 2, 1, 2, 4] }), of([3]), of([3])],
      forwardOnly: true,
    },
  ],
  dequantize: dequantize(),
  foreign: [{ op: { type: 'foreign', graph: squaresPlusOne, shape: [2, 3] }, operands: [of([2, 3])] }],
};

/** Random numbers that f32 holds exactly, so that float64 and f32 start from the same ones. */
export function values({ shape, from = -2, to = 2, apart = 0, values: listed }: Operand, random: Random): number[] {
  if (listed) return listed.map(Math.fround);
  return Array.from({ length: sizeOf(shape) }, () => {
    const value = from + (to - from) * random.uniform();
    return Math.fround(Math.abs(value) < apart ? Math.sign(value || 1) * (apart + Math.abs(value)) : value);
  });
}

export interface BuiltCase {
  inputs: readonly Value[];
  outputs: readonly Value[];
  feeds: Record<string, number[]>;
}

/**
 * Appends the case to the graph: inputs `<prefix>x0`, `<prefix>x1`, …, the op, and its outputs under `<prefix>y0`, ….
 */
export function append(graph: Graph, { op, operands }: OpCase, prefix = ''): BuiltCase {
  const random = new Random(1, op.type, ...operands.flatMap((operand) => operand.shape));
  const named = 'name' in op ? { ...op, name: prefix + op.name } : op;
  const inputs = operands.flatMap(({ shape, dtype = 'f32' }, i) =>
    graph.append({ type: 'input', name: `${prefix}x${i}`, shape, dtype }, []),
  );
  const feeds = Object.fromEntries(operands.map((operand, i) => [`${prefix}x${i}`, values(operand, random)]));
  if (named.type === 'input')
    feeds[named.name] = values(
      { shape: named.shape, ...(named.dtype === 'u8' ? { values: [0, 1, 128, 255] } : {}) },
      random,
    );
  const outputs = graph.append(named, inputs);
  outputs.forEach((value, i) => graph.outputs.set(`${prefix}y${i}`, value));
  return { inputs, outputs, feeds };
}

/** E.g. `matmul {"transA":true,…} [4,3] [4,5]`. */
export function title({ op, operands }: OpCase): string {
  const attributes = Object.fromEntries(Object.entries(op).filter(([key]) => !['type', 'name', 'data'].includes(key)));
  const shown = Object.keys(attributes).length ? [JSON.stringify(attributes)] : [];
  return [
    op.type,
    ...shown,
    ...operands.map(({ shape, dtype = '', values: listed = [] }) =>
      `${dtype}[${shape.join(',')}] ${listed.slice(0, 8).join(',')}`.trim(),
    ),
  ].join(' ');
}
