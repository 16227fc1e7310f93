/** The builder: one method for each op, which returns the new value. It leaves out ops that change nothing. */
import type { ForeignGraph } from './foreignGraph.js';
import { Graph } from './graph.js';
import type { Node, Region, Value } from './value.js';
import type { DType, Op, Shape, WeightData } from './op.js';
import { sameShape, sizeOf } from './shape.js';

const dtypeOf = (data: object): DType =>
  data instanceof Int8Array ? 'i8' : data instanceof Uint8Array ? 'u8' : data instanceof Int32Array ? 'i32' : 'f32';

export class Builder {
  readonly graph = new Graph();
  readonly #scalars = new Map<number, Value>();
  #region: Region = { pass: 'forward', part: 'rest' };

  #one(op: Op, ...inputs: Value[]): Value {
    return this.graph.append(op, inputs, this.#region)[0]!;
  }

  /** Runs `build`; its nodes get the given region. Keys that `region` leaves out keep their outer value. */
  within<T>(region: Partial<Region>, build: () => T): T {
    const outer = this.#region;
    this.#region = { ...outer, ...region };
    try {
      return build();
    } finally {
      this.#region = outer;
    }
  }

  /** Appends a copy of the node on other inputs; returns its outputs. */
  again({ op }: Node, inputs: readonly Value[]): readonly Value[] {
    return this.graph.append(op, inputs, this.#region);
  }

  input(name: string, shape: Shape, dtype: DType = 'f32'): Value {
    return this.#one({ type: 'input', name, shape, dtype });
  }

  constant(
    name: string,
    shape: Shape,
    data: Float32Array | Uint8Array | Int8Array | Int32Array | Uint16Array | WeightData,
    dtype = dtypeOf(data),
  ): Value {
    return this.#one({ type: 'constant', name, shape, dtype, data });
  }

  /** The number as an f32 of shape []; each number becomes a single constant. */
  scalar(value: number): Value {
    const known = this.#scalars.get(value);
    if (known) return known;
    const made = this.#one({ type: 'constant', name: '', shape: [], dtype: 'f32', data: Float32Array.of(value) });
    this.#scalars.set(value, made);
    return made;
  }

  output(name: string, value: Value): void {
    this.graph.outputs.set(name, value);
  }

  add = (a: Value, b: Value): Value => this.#one({ type: 'add' }, a, b);
  sub = (a: Value, b: Value): Value => this.#one({ type: 'sub' }, a, b);
  mul = (a: Value, b: Value): Value => this.#one({ type: 'mul' }, a, b);
  div = (a: Value, b: Value): Value => this.#one({ type: 'div' }, a, b);
  minimum = (a: Value, b: Value): Value => this.#one({ type: 'minimum' }, a, b);
  maximum = (a: Value, b: Value): Value => this.#one({ type: 'maximum' }, a, b);
  neg = (x: Value): Value => this.#one({ type: 'neg' }, x);
  exp = (x: Value): Value => this.#one({ type: 'exp' }, x);
  log = (x: Value): Value => this.#one({ type: 'log' }, x);
  sqrt = (x: Value): Value => this.#one({ type: 'sqrt' }, x);
  erf = (x: Value): Value => this.#one({ type: 'erf' }, x);
  tanh = (x: Value): Value => this.#one({ type: 'tanh' }, x);
  sigmoid = (x: Value): Value => this.#one({ type: 'sigmoid' }, x);
  softplus = (x: Value): Value => this.#one({ type: 'softplus' }, x);
  relu = (x: Value): Value => this.#one({ type: 'relu' }, x);
  gelu = (x: Value): Value => this.#one({ type: 'gelu' }, x);
  geluSlope = (x: Value): Value => this.#one({ type: 'geluSlope' }, x);
  stopGradient = (x: Value): Value => this.#one({ type: 'stopGradient' }, x);
  softmax = (x: Value): Value => this.#one({ type: 'softmax' }, x);
  keepLargest = (x: Value, count: number): Value =>
    count === x.shape.at(-1) ? x : this.#one({ type: 'keepLargest', count }, x);
  logSoftmax = (x: Value): Value => this.#one({ type: 'logSoftmax' }, x);
  concat = (axis: number, ...parts: Value[]): Value => this.#one({ type: 'concat', axis }, ...parts);

  /** x · factor. */
  scale(x: Value, factor: number): Value {
    return factor === 1 ? x : this.mul(x, this.scalar(factor));
  }

  cast(x: Value, to: DType): Value {
    return x.dtype === to ? x : this.#one({ type: 'cast', to }, x);
  }

  /** alpha · op(a) · op(b) [+ bias]. */
  matmul(a: Value, b: Value, o: { transA?: boolean; transB?: boolean; alpha?: number; bias?: Value } = {}): Value {
    const op: Op = { type: 'matmul', transA: o.transA ?? false, transB: o.transB ?? false, alpha: o.alpha ?? 1 };
    return o.bias ? this.#one(op, a, b, o.bias) : this.#one(op, a, b);
  }

  /** x · (codes · scales) + bias, in int8. */
  matmulInt8(x: Value, codes: Value, scales: Value, bias?: Value): Value {
    return this.#one({ type: 'matmulInt8' }, ...(bias ? [x, codes, scales, bias] : [x, codes, scales]));
  }

  /** x · (codes · scales)ᵀ + bias, for which x is rounded to multiples of `scale`; `bias` is in units of the sums. */
  matmulQdq(
    x: Value,
    codes: Value,
    scales: Value,
    { bias, scale, zeroPoint }: { scale: number; zeroPoint: number; bias?: Value | undefined },
  ): Value {
    return this.#one({ type: 'matmulQdq', scale, zeroPoint }, x, codes, scales, ...(bias ? [bias] : []));
  }

  /** x · ((codes - zeroPoints) · scales)ᵀ with weights of 4 bits. */
  matmulInt4(
    x: Value,
    { codes, scales, zeroPoints, blockSize }: { codes: Value; scales: Value; zeroPoints: Value; blockSize: number },
  ): Value {
    return this.#one({ type: 'matmulInt4', blockSize }, x, codes, scales, zeroPoints);
  }

  transpose(x: Value, perm: readonly number[]): Value {
    return perm.every((axis, i) => axis === i) ? x : this.#one({ type: 'transpose', perm }, x);
  }

  reshape(x: Value, shape: Shape): Value {
    return sameShape(x.shape, shape) ? x : this.#one({ type: 'reshape', shape }, x);
  }

  slice(x: Value, axis: number, start: number, end: number): Value {
    return start === 0 && end === x.shape[axis] ? x : this.#one({ type: 'slice', axis, start, end }, x);
  }

  expand(x: Value, shape: Shape): Value {
    return sameShape(x.shape, shape) ? x : this.#one({ type: 'expand', shape }, x);
  }

  /** Sum over `axes`, which are kept with size 1. */
  sum(x: Value, axes: readonly number[]): Value {
    return axes.length ? this.#one({ type: 'sum', axes }, x) : x;
  }

  /** Mean over the last axis, which is kept with size 1. */
  meanOverLast(x: Value): Value {
    const axis = x.shape.length - 1;
    return this.scale(this.sum(x, [axis]), 1 / x.shape[axis]!);
  }

  /** The sum of all elements, of shape []. */
  total(x: Value): Value {
    return this.reshape(this.sum(this.reshape(x, [sizeOf(x.shape)]), [0]), []);
  }

  dequantize(codes: Value, scales: Value, o: { bits: 4 | 8; blockSize: number; shape: Shape }): Value {
    return this.#one({ type: 'dequantize', ...o, remade: false }, codes, scales);
  }

  foreign = (graph: ForeignGraph, x: Value, shape: Shape): Value => this.#one({ type: 'foreign', graph, shape }, x);

  /**
   * A recomputed copy of the value if that costs less memory than holding it: a dequantised weight. Any other value is
   * returned unchanged.
   */
  remade(x: Value): Value {
    const { op, inputs } = x.node;
    return op.type === 'dequantize' && !op.remade ? this.#one({ ...op, remade: true }, ...inputs) : x;
  }

  /** y, mean and 1/deviation over the last axis. */
  layerNorm(x: Value, gamma: Value, beta: Value, epsilon: number): readonly Value[] {
    return this.graph.append({ type: 'layerNorm', epsilon }, [x, gamma, beta], this.#region);
  }
}
