/** The closed list of operations of the IR. Every table of rules (shape, gradient, emit) is total over `Op['type']`. */

import type { FilePlace } from '../core/filePlace.js';
import type { ForeignGraph } from './foreignGraph.js';

/** f16 values are IEEE halves, held as their bits. */
export type DType = 'f32' | 'f16' | 'i32' | 'i64' | 'u8' | 'i8';
export type Shape = readonly number[];
export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array | Int8Array | Uint16Array;

export type WeightNumbers = Float32Array | Uint16Array | Int8Array;

/**
 * The numbers of a frozen weight, or its codes. They are read at each access, because most graphs are built only for
 * their shapes.
 */
export interface WeightData {
  length: number;
  byteLength: number;
  /** The numbers in an array that others may hold too and nobody changes. */
  read(): WeightNumbers;
  /** Lends the numbers to `use`, which must not keep their array; without it, `read` gives them. */
  lend?<T>(use: (numbers: WeightNumbers) => T): T;
  /** The place of the same numbers in a file, if they are stored unchanged. */
  place: FilePlace | undefined;
}

/** The numbers themselves; those of a weight are read, as by `read`. */
export const numbersOf = <T extends ConstantData>(data: T | WeightData): T | WeightNumbers =>
  'read' in data ? data.read() : data;

/** Lends the numbers to `use`, which must not keep their array. */
export const lendNumbers = <T extends ConstantData, R>(
  data: T | WeightData,
  use: (numbers: T | WeightNumbers) => R,
): R => ('lend' in data && data.lend ? data.lend(use) : use(numbersOf(data)));

/** The bytes of numbers as they lie in memory. */
export const bytesIn = ({ buffer, byteOffset, byteLength }: ConstantData): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

export const bytesOf = (data: ConstantData | WeightData): Uint8Array => bytesIn(numbersOf(data));

export type Op =
  /** A value fed at run time. */
  | { type: 'input'; name: string; shape: Shape; dtype: DType }
  /** A value known at compile time: a frozen weight (named) or a small number. */
  | { type: 'constant'; name: string; shape: Shape; dtype: DType; data: ConstantData | WeightData }
  // Elementwise, with NumPy broadcasting.
  | { type: 'add' }
  | { type: 'sub' }
  | { type: 'mul' }
  | { type: 'div' }
  | { type: 'minimum' }
  | { type: 'maximum' }
  // Elementwise.
  | { type: 'neg' }
  | { type: 'exp' }
  | { type: 'log' }
  | { type: 'sqrt' }
  | { type: 'erf' }
  | { type: 'tanh' }
  /** 1 / (1 + e⁻ˣ). */
  | { type: 'sigmoid' }
  /** log(1 + eˣ) = -log σ(-x), finite for every x. */
  | { type: 'softplus' }
  /** max(x, 0). */
  | { type: 'relu' }
  /** x · Φ(x) with the exact normal distribution function (Hendrycks and Gimpel, 2016, arXiv:1606.08415). */
  | { type: 'gelu' }
  /** The derivative of gelu: Φ(x) + x · φ(x). */
  | { type: 'geluSlope' }
  /** x, held constant in the backward pass. */
  | { type: 'stopGradient' }
  | { type: 'cast'; to: DType }
  /**
   * alpha · op(a) · op(b) [+ bias] over the last two axes; leading axes are equal. `bias` ([n], optional third input)
   * needs rank 2. All f32, or all f16.
   */
  | { type: 'matmul'; transA: boolean; transB: boolean; alpha: number }
  /**
   * (x [m, k], codes i8 [k, n], scales f32 [n] [, bias f32 [n]]) -> [m, n]: x · (codes · scales) + bias in int8,
   * for which x is rounded to 256 levels between its minimum and its maximum, zero among them (ONNX's
   * DynamicQuantizeLinear).
   */
  | { type: 'matmulInt8' }
  /**
   * (x [m, k], codes i8 [n, k], scales f32 [n] [, bias i32 [n]]) -> [m, n]: x · (codes · scales)ᵀ + bias, for which x
   * is rounded to `scale` times a whole number from -zeroPoint to 255 - zeroPoint (ONNX's QuantizeLinear); the unit of
   * the bias is scale · scales, as of the sums. Unlike `matmulInt8`, the range of x is known beforehand.
   */
  | { type: 'matmulQdq'; scale: number; zeroPoint: number }
  /**
   * (x [m, k], codes u8 [n, blocks, blockSize / 2], scales f32 [n, blocks], zeroPoints u8 [n, ⌈blocks / 2⌉]) ->
   * [m, n]: x · ((codes - zeroPoints) · scales)ᵀ with weights of 4 bits in blocks along k, two in a byte, the first in
   * the lower half; so are the zero points. Padding fills the last block.
   */
  | { type: 'matmulInt4'; blockSize: number }
  | { type: 'transpose'; perm: readonly number[] }
  | { type: 'reshape'; shape: Shape }
  | { type: 'slice'; axis: number; start: number; end: number }
  | { type: 'concat'; axis: number }
  /** Broadcasts to `shape`. */
  | { type: 'expand'; shape: Shape }
  /** Sum over `axes`, which are kept with size 1. */
  | { type: 'sum'; axes: readonly number[] }
  /** Over the last axis. */
  | { type: 'softmax' }
  | { type: 'logSoftmax' }
  /** Keeps the `count` largest values of the last axis, and those equal to the last of them; -1e30 elsewhere. */
  | { type: 'keepLargest'; count: number }
  /** (x, gamma, beta) -> (y, mean, 1/deviation) over the last axis (Ba, Kiros and Hinton, 2016, arXiv:1607.06450). */
  | { type: 'layerNorm'; epsilon: number }
  /**
   * (codes, scales) -> f32 of `shape`: a frozen weight, stored in blocks of `blockSize` numbers. A number is the level
   * of its code times the scale of its block; padding fills the last block. Scales are f32 [blocks]. With 8 bits a code
   * is an i8 of [blocks, blockSize] and is its own level. With 4 bits it selects a level of NormalFloat (Dettmers et
   * al., 2023, arXiv:2305.14314), packed into u8 [2, blocks · blockSize / 4] as in `normalFloat.ts`. Nodes that differ
   * only in `remade` have equal results but are not merged: a weight that the backward pass recomputes need not be held
   * since the forward pass.
   */
  | { type: 'dequantize'; bits: 4 | 8; blockSize: number; shape: Shape; remade: boolean }
  /** Runs images through a network from a file: f32 of `shape`, whose first axis is the batch, as in the input. */
  | { type: 'foreign'; graph: ForeignGraph; shape: Shape };

export type OpType = Op['type'];
export type OpOf<T extends OpType> = Extract<Op, { type: T }>;
