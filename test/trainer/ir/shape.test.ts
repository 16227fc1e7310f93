/** The inputs that the shape rules refuse, op by op. The cases of the emission run the accepted ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../../../src/trainer/ir/graph.js';
import type { DType, Op, OpOf, OpType, Shape } from '../../../src/trainer/ir/op.js';
import { squareNetwork } from '../onnx/squareNetwork.js';
import { broadcast, IrError } from '../../../src/trainer/ir/shape.js';

type Given = Shape | { shape: Shape; dtype: DType };
/** The op, the types of its inputs, and the whole message. */
type Defect<O extends Op> = [op: O, inputs: Given[], message: string];

const bytes = (...shape: number[]): Given => ({ shape, dtype: 'u8' });
const i8 = (...shape: number[]): Given => ({ shape, dtype: 'i8' });

const binary = <O extends Op>(op: O): Defect<O>[] => [
  [op, [[2]], `${op.type}(f32[2]): takes two inputs`],
  [op, [[2], [2], [2]], `${op.type}(f32[2], f32[2], f32[2]): takes two inputs`],
  [op, [[2], bytes(2)], `${op.type}(f32[2], u8[2]): takes f32`],
  [
    op,
    [
      [2, 3],
      [2, 4],
    ],
    `${op.type}(f32[2,3], f32[2,4]): shapes do not broadcast`,
  ],
];

const unary = <O extends Op>(op: O): Defect<O>[] => [
  [op, [], `${op.type}(): takes one input`],
  [op, [[2], [2]], `${op.type}(f32[2], f32[2]): takes one input`],
];

const unaryF32 = <O extends Op>(op: O): Defect<O>[] => [...unary(op), [op, [bytes(2)], `${op.type}(u8[2]): takes f32`]];

const matmul: OpOf<'matmul'> = { type: 'matmul', transA: false, transB: false, alpha: 1 };
const dequantize: OpOf<'dequantize'> = { type: 'dequantize', bits: 4, blockSize: 16, shape: [4, 8], remade: false };
const qdq: OpOf<'matmulQdq'> = { type: 'matmulQdq', scale: 0.5, zeroPoint: 128 };
const int4: OpOf<'matmulInt4'> = { type: 'matmulInt4', blockSize: 32 };
const foreign: OpOf<'foreign'> = { type: 'foreign', graph: squareNetwork(), shape: [2, 3] };
const layerNorm: OpOf<'layerNorm'> = { type: 'layerNorm', epsilon: 1e-6 };

const defects: { [T in OpType]: Defect<OpOf<T>>[] } = {
  input: [[{ type: 'input', name: 'x', shape: [2], dtype: 'f32' }, [[2]], 'input(f32[2]): takes no input']],
  constant: [
    [
      { type: 'constant', name: 'w', shape: [2], dtype: 'f32', data: new Float32Array(2) },
      [[2]],
      'constant(f32[2]): takes no input',
    ],
    [
      { type: 'constant', name: 'w', shape: [2, 3], dtype: 'f32', data: new Float32Array(5) },
      [],
      'constant(): 5 numbers for shape [2,3]',
    ],
  ],
  add: binary({ type: 'add' }),
  sub: binary({ type: 'sub' }),
  mul: binary({ type: 'mul' }),
  div: binary({ type: 'div' }),
  minimum: binary({ type: 'minimum' }),
  maximum: binary({ type: 'maximum' }),
  neg: unaryF32({ type: 'neg' }),
  exp: unaryF32({ type: 'exp' }),
  log: unaryF32({ type: 'log' }),
  sqrt: unaryF32({ type: 'sqrt' }),
  erf: unaryF32({ type: 'erf' }),
  tanh: unaryF32({ type: 'tanh' }),
  stopGradient: unaryF32({ type: 'stopGradient' }),
  sigmoid: unaryF32({ type: 'sigmoid' }),
  softplus: unaryF32({ type: 'softplus' }),
  relu: unaryF32({ type: 'relu' }),
  gelu: unaryF32({ type: 'gelu' }),
  geluSlope: unaryF32({ type: 'geluSlope' }),
  softmax: [...unaryF32({ type: 'softmax' }), [{ type: 'softmax' }, [[]], 'softmax(f32[]): needs at least one axis']],
  keepLargest: [
    ...unaryF32({ type: 'keepLargest', count: 1 }),
    [{ type: 'keepLargest', count: 1 }, [[]], 'keepLargest(f32[]): needs at least one axis'],
    [{ type: 'keepLargest', count: 4 }, [[2, 3]], 'keepLargest(f32[2,3]): keeps from 1 to 3, not 4'],
    [{ type: 'keepLargest', count: 0 }, [[3]], 'keepLargest(f32[3]): keeps from 1 to 3, not 0'],
  ],
  logSoftmax: [
    ...unaryF32({ type: 'logSoftmax' }),
    [{ type: 'logSoftmax' }, [[]], 'logSoftmax(f32[]): needs at least one axis'],
  ],
  cast: unary({ type: 'cast', to: 'f32' }),
  matmul: [
    [matmul, [[2, 3]], 'matmul(f32[2,3]): takes two or three inputs'],
    [matmul, [[2, 3], [3, 4], [4], [4]], 'matmul(f32[2,3], f32[3,4], f32[4], f32[4]): takes two or three inputs'],
    [matmul, [[2, 3], bytes(3, 4)], 'matmul(f32[2,3], u8[3,4]): takes f32, or f16'],
    [matmul, [[2, 3], { shape: [3, 4], dtype: 'f16' }], 'matmul(f32[2,3], f16[3,4]): takes f32, or f16'],
    [matmul, [bytes(2, 3), bytes(3, 4)], 'matmul(u8[2,3], u8[3,4]): takes f32, or f16'],
    [matmul, [[3], [3]], 'matmul(f32[3], f32[3]): needs two inputs of equal rank >= 2'],
    [
      matmul,
      [
        [5, 2, 3],
        [3, 4],
      ],
      'matmul(f32[5,2,3], f32[3,4]): needs two inputs of equal rank >= 2',
    ],
    [
      matmul,
      [
        [5, 2, 3],
        [1, 3, 4],
      ],
      'matmul(f32[5,2,3], f32[1,3,4]): leading axes differ',
    ],
    [
      matmul,
      [
        [2, 3],
        [4, 3],
      ],
      'matmul(f32[2,3], f32[4,3]): inner sizes 3 and 4 differ',
    ],
    [
      { ...matmul, transA: true },
      [
        [2, 3],
        [3, 4],
      ],
      'matmul(f32[2,3], f32[3,4]): inner sizes 2 and 3 differ',
    ],
    [
      { ...matmul, transB: true },
      [
        [2, 3],
        [3, 4],
      ],
      'matmul(f32[2,3], f32[3,4]): inner sizes 3 and 4 differ',
    ],
    [
      matmul,
      [
        [2, 3],
        [3, 4],
        [1, 4],
      ],
      'matmul(f32[2,3], f32[3,4], f32[1,4]): bias must be [4] and the rank 2',
    ],
    [matmul, [[5, 2, 3], [5, 3, 4], [4]], 'matmul(f32[5,2,3], f32[5,3,4], f32[4]): bias must be [4] and the rank 2'],
  ],
  transpose: [
    ...unary({ type: 'transpose', perm: [0] }),
    [{ type: 'transpose', perm: [1, 0] }, [[2, 3, 4]], 'transpose(f32[2,3,4]): perm 1,0 does not fit'],
    [{ type: 'transpose', perm: [0, 0] }, [[2, 3]], 'transpose(f32[2,3]): perm 0,0 does not fit'],
    [{ type: 'transpose', perm: [0, 2] }, [[2, 3]], 'transpose(f32[2,3]): no axis 2'],
  ],
  reshape: [
    ...unary({ type: 'reshape', shape: [2] }),
    [{ type: 'reshape', shape: [5] }, [[2, 3]], 'reshape(f32[2,3]): cannot become [5]'],
  ],
  slice: [
    ...unary({ type: 'slice', axis: 0, start: 0, end: 1 }),
    [{ type: 'slice', axis: 2, start: 0, end: 1 }, [[2, 3]], 'slice(f32[2,3]): no 0:1 on axis 2'],
    [{ type: 'slice', axis: 1, start: 0, end: 4 }, [[2, 3]], 'slice(f32[2,3]): no 0:4 on axis 1'],
    [{ type: 'slice', axis: 1, start: 2, end: 2 }, [[2, 3]], 'slice(f32[2,3]): no 2:2 on axis 1'],
    [{ type: 'slice', axis: 1, start: -1, end: 2 }, [[2, 3]], 'slice(f32[2,3]): no -1:2 on axis 1'],
  ],
  concat: [
    [{ type: 'concat', axis: 0 }, [], 'concat(): no axis 0'],
    [{ type: 'concat', axis: 1 }, [[2], [2]], 'concat(f32[2], f32[2]): no axis 1'],
    [{ type: 'concat', axis: -1 }, [[2], [2]], 'concat(f32[2], f32[2]): no axis -1'],
    [
      { type: 'concat', axis: 0 },
      [
        [2, 3],
        [2, 4],
      ],
      'concat(f32[2,3], f32[2,4]): parts differ',
    ],
    [{ type: 'concat', axis: 0 }, [[2], bytes(2)], 'concat(f32[2], u8[2]): parts differ'],
  ],
  expand: [
    ...unary({ type: 'expand', shape: [2] }),
    [{ type: 'expand', shape: [4] }, [[3]], 'expand(f32[3]): does not broadcast to [4]'],
    [{ type: 'expand', shape: [1, 3] }, [[2, 3]], 'expand(f32[2,3]): does not broadcast to [1,3]'],
  ],
  sum: [
    ...unaryF32({ type: 'sum', axes: [0] }),
    [{ type: 'sum', axes: [2] }, [[2, 3]], 'sum(f32[2,3]): no axes 2'],
    [{ type: 'sum', axes: [-1] }, [[2, 3]], 'sum(f32[2,3]): no axes -1'],
    [{ type: 'sum', axes: [1, 1] }, [[2, 3]], 'sum(f32[2,3]): no axes 1,1'],
    [{ type: 'sum', axes: [] }, [[2, 3]], 'sum(f32[2,3]): no axes '],
  ],
  layerNorm: [
    [layerNorm, [[2, 3], [3]], 'layerNorm(f32[2,3], f32[3]): takes x, gamma, beta'],
    [layerNorm, [[], [1], [1]], 'layerNorm(f32[], f32[1], f32[1]): takes x, gamma, beta'],
    [layerNorm, [bytes(2, 3), [3], [3]], 'layerNorm(u8[2,3], f32[3], f32[3]): takes f32'],
    [layerNorm, [[2, 3], [3], [2]], 'layerNorm(f32[2,3], f32[3], f32[2]): gamma and beta must be [3]'],
  ],
  matmulInt8: [
    [
      { type: 'matmulInt8' },
      [[2, 3], i8(3, 4)],
      'matmulInt8(f32[2,3], i8[3,4]): takes x, codes and scales, and a bias',
    ],
    [{ type: 'matmulInt8' }, [[2, 3], [3, 4], [4]], 'matmulInt8(f32[2,3], f32[3,4], f32[4]): takes f32, i8 and f32'],
    [
      { type: 'matmulInt8' },
      [[2, 3], i8(3, 4), [4], bytes(4)],
      'matmulInt8(f32[2,3], i8[3,4], f32[4], u8[4]): takes f32, i8 and f32',
    ],
    [
      { type: 'matmulInt8' },
      [[2, 3], i8(4, 3), [3]],
      'matmulInt8(f32[2,3], i8[4,3], f32[3]): x and codes must be matrices of equal inner size',
    ],
    [
      { type: 'matmulInt8' },
      [[1, 2, 3], i8(3, 4), [4]],
      'matmulInt8(f32[1,2,3], i8[3,4], f32[4]): x and codes must be matrices of equal inner size',
    ],
    [
      { type: 'matmulInt8' },
      [[2, 3], i8(3, 4), [3]],
      'matmulInt8(f32[2,3], i8[3,4], f32[3]): scales and bias must be [4]',
    ],
    [
      { type: 'matmulInt8' },
      [[2, 3], i8(3, 4), [4], [1]],
      'matmulInt8(f32[2,3], i8[3,4], f32[4], f32[1]): scales and bias must be [4]',
    ],
  ],
  matmulQdq: [
    [qdq, [[2, 3], i8(4, 3)], 'matmulQdq(f32[2,3], i8[4,3]): takes x, codes and scales, and a bias'],
    [qdq, [[2, 3], i8(4, 3), [4], [4]], 'matmulQdq(f32[2,3], i8[4,3], f32[4], f32[4]): takes f32, i8, f32 and i32'],
    [
      { ...qdq, zeroPoint: 256 },
      [[2, 3], i8(4, 3), [4]],
      'matmulQdq(f32[2,3], i8[4,3], f32[4]): no rounding by 0.5 from 256',
    ],
    [{ ...qdq, scale: 0 }, [[2, 3], i8(4, 3), [4]], 'matmulQdq(f32[2,3], i8[4,3], f32[4]): no rounding by 0 from 128'],
    [
      qdq,
      [[2, 3], i8(3, 4), [3]],
      'matmulQdq(f32[2,3], i8[3,4], f32[3]): x and codes must be matrices of equal inner size',
    ],
    [qdq, [[2, 3], i8(4, 3), [3]], 'matmulQdq(f32[2,3], i8[4,3], f32[3]): scales and bias must be [4]'],
  ],
  matmulInt4: [
    [
      int4,
      [[2, 32], bytes(4, 1, 16), [4, 1]],
      'matmulInt4(f32[2,32], u8[4,1,16], f32[4,1]): takes x, codes, scales and zero points',
    ],
    [
      int4,
      [[2, 32], bytes(4, 1, 16), [4, 1], [4, 1]],
      'matmulInt4(f32[2,32], u8[4,1,16], f32[4,1], f32[4,1]): takes f32, u8, f32 and u8',
    ],
    [
      { ...int4, blockSize: 24 },
      [[2, 24], bytes(4, 1, 12), [4, 1], bytes(4, 1)],
      'matmulInt4(f32[2,24], u8[4,1,12], f32[4,1], u8[4,1]): no blocks of 24',
    ],
    [
      int4,
      [[1, 2, 32], bytes(4, 1, 16), [4, 1], bytes(4, 1)],
      'matmulInt4(f32[1,2,32], u8[4,1,16], f32[4,1], u8[4,1]): x must be a matrix',
    ],
    [
      int4,
      [[2, 40], bytes(4, 1, 16), [4, 1], bytes(4, 1)],
      'matmulInt4(f32[2,40], u8[4,1,16], f32[4,1], u8[4,1]): takes [4,2,16], [4,2], [4,1]',
    ],
  ],
  foreign: [
    [foreign, [], 'foreign(): takes one input'],
    [foreign, [{ shape: [2, 3], dtype: 'i32' }], 'foreign(i32[2,3]): takes f32 or u8'],
    [foreign, [[4, 3]], 'foreign(f32[4,3]): cannot become [2,3]'],
  ],
  dequantize: [
    [dequantize, [bytes(2, 8)], 'dequantize(u8[2,8]): takes codes and scales'],
    [dequantize, [bytes(2, 8), bytes(2)], 'dequantize(u8[2,8], u8[2]): takes u8 and f32'],
    [{ ...dequantize, bits: 8 }, [bytes(2, 16), [2]], 'dequantize(u8[2,16], f32[2]): takes i8 and f32'],
    [
      { ...dequantize, blockSize: 6 },
      [bytes(2, 8), [2]],
      'dequantize(u8[2,8], f32[2]): blocks of 6 are not a multiple of 4',
    ],
    [dequantize, [bytes(4, 4), [2]], 'dequantize(u8[4,4], f32[2]): takes [2,8] and [2]'],
    [dequantize, [bytes(2, 8), [1]], 'dequantize(u8[2,8], f32[1]): takes [2,8] and [2]'],
    [{ ...dequantize, bits: 8 }, [i8(1, 16), [2]], 'dequantize(i8[1,16], f32[2]): takes [2,16] and [2]'],
  ],
};

for (const [type, list] of Object.entries<Defect<Op>[]>(defects)) {
  test(`${type} refuses inputs that do not fit, with its name and the shapes`, () => {
    assert.ok(list.length > 0);
    for (const [op, given, message] of list) {
      const graph = new Graph();
      const inputs = given.flatMap((type, i) => {
        const { shape, dtype } = 'dtype' in type ? type : { shape: type, dtype: 'f32' as const };
        return graph.append({ type: 'input', name: `x${i}`, shape, dtype }, []);
      });
      assert.throws(
        () => graph.append(op, inputs),
        (error) => {
          assert.ok(error instanceof IrError);
          assert.equal(error.message, message);
          return true;
        },
      );
      assert.equal(graph.nodes.length, inputs.length, 'a refused node must not stay in the graph');
    }
  });
}

test('broadcasting is that of NumPy', () => {
  assert.deepEqual(broadcast([2, 1, 4], [3, 1]), [2, 3, 4]);
  assert.deepEqual(broadcast([], [2]), [2]);
  assert.deepEqual(broadcast([], []), []);
  assert.equal(broadcast([2], [3]), undefined);
  assert.equal(broadcast([2, 3], [2]), undefined);
});
