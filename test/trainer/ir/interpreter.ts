/**
 * The reference interpreter of the IR, for tests: plain loops in float64, one function for each op, independent of
 * the emitter.
 */
import type { Graph } from '../../../src/trainer/ir/graph.js';
import { numbersOf, type Op, type OpOf, type OpType, type Shape } from '../../../src/trainer/ir/op.js';

export interface Tensor {
  shape: Shape;
  data: Float64Array;
}

const sizeOf = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

/** The row-major strides of a shape. */
const stridesOf = (shape: Shape): number[] => shape.map((_, i) => sizeOf(shape.slice(i + 1)));

/** The offsets of the positions of `shape`, in row-major order, under other strides. */
function offsets(shape: Shape, strides: readonly number[], start = 0): number[] {
  let found = [start];
  shape.forEach((size, axis) => {
    found = found.flatMap((offset) => Array.from({ length: size }, (_, i) => offset + i * strides[axis]!));
  });
  return found;
}

/** The positions in a tensor of shape `from` that those of `to` read under NumPy broadcasting. */
function broadcastOffsets(from: Shape, to: Shape): number[] {
  const strides = stridesOf(from);
  const missing = to.length - from.length;
  return offsets(
    to,
    to.map((_, i) => (i < missing || from[i - missing] === 1 ? 0 : strides[i - missing]!)),
  );
}

const gather = (x: Tensor, places: readonly number[]): Float64Array =>
  Float64Array.from(places, (place) => x.data[place]!);

/**
 * erf(x) = 2/√π · exp(-x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 · … · (2n+1)); Abramowitz and Stegun, 1964, 7.1.6. All terms have one
 * sign: exact to rounding.
 */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

type RuleOn<O extends Op> = (op: O, inputs: readonly Tensor[], shape: Shape) => Float64Array[];

const unary =
  (f: (x: number) => number): RuleOn<Op> =>
  (_op, [x]) => [x!.data.map(f)];

const binary =
  (f: (a: number, b: number) => number): RuleOn<Op> =>
  (_op, [a, b], shape) => {
    const left = gather(a!, broadcastOffsets(a!.shape, shape));
    const right = gather(b!, broadcastOffsets(b!.shape, shape));
    return [left.map((value, i) => f(value, right[i]!))];
  };

/** A function of each row along the last axis. */
const overRows =
  (f: (row: Float64Array) => Float64Array): RuleOn<Op> =>
  (_op, [x]) => {
    const width = x!.shape.at(-1)!;
    const out = new Float64Array(x!.data.length);
    for (let at = 0; at < out.length; at += width) out.set(f(x!.data.subarray(at, at + width)), at);
    return [out];
  };

const sumOf = (row: Float64Array): number => row.reduce((sum, value) => sum + value, 0);
const maxOf = (row: Float64Array): number => row.reduce((most, value) => Math.max(most, value), -Infinity);

const matmul: RuleOn<OpOf<'matmul'>> = ({ transA, transB, alpha }, [a, b, bias], shape) => {
  const [m, n] = shape.slice(-2) as [number, number];
  const k = a!.shape.at(transA ? -2 : -1)!;
  const out = new Float64Array(sizeOf(shape));
  for (let batch = 0; batch < out.length / (m * n); batch++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) {
          const left = batch * m * k + (transA ? l * m + i : i * k + l);
          const right = batch * k * n + (transB ? j * k + l : l * n + j);
          sum += a!.data[left]! * b!.data[right]!;
        }
        out[(batch * m + i) * n + j] = alpha * sum + (bias?.data[j] ?? 0);
      }
    }
  }
  return [out];
};

const layerNorm: RuleOn<OpOf<'layerNorm'>> = ({ epsilon }, [x, gamma, beta]) => {
  const width = x!.shape.at(-1)!;
  const y = new Float64Array(x!.data.length);
  const means = new Float64Array(y.length / width);
  const inverses = new Float64Array(y.length / width);
  means.forEach((_, r) => {
    const row = x!.data.subarray(r * width, (r + 1) * width);
    const mean = sumOf(row) / width;
    const inverse = 1 / Math.sqrt(sumOf(row.map((value) => (value - mean) ** 2)) / width + epsilon);
    y.set(
      row.map((value, i) => (value - mean) * inverse * gamma!.data[i]! + beta!.data[i]!),
      r * width,
    );
    means[r] = mean;
    inverses[r] = inverse;
  });
  return [y, means, inverses];
};

/**
 * The levels of NF4 as the paper's appendix E has them: eight quantiles of the normal distribution above zero, seven
 * below it, and zero itself.
 */
function normalFloatLevels(): number[] {
  const outermost = 0.9677083;
  /** The x below which a share `p` of the normal distribution lies, by bisection. */
  const quantile = (p: number): number => {
    let [low, high] = [-8, 8];
    for (let i = 0; i < 80; i++) {
      const middle = (low + high) / 2;
      if (0.5 * (1 + erf(middle / Math.SQRT2)) < p) low = middle;
      else high = middle;
    }
    return low;
  };
  const quantiles = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => quantile(outermost + ((0.5 - outermost) * i) / count));
  const most = quantile(outermost);
  return [
    ...quantiles(7).map((x) => -x / most),
    0,
    ...quantiles(8)
      .reverse()
      .map((x) => x / most),
  ];
}

const dequantize: RuleOn<OpOf<'dequantize'>> = ({ bits, blockSize }, [codes, scales], shape) => {
  const levels = normalFloatLevels();
  const words = codes!.data.length / 2;
  // The first two codes of a word are in the first row; the first code of a byte is its higher half.
  const level = (i: number): number => {
    if (bits === 8) return codes!.data[i]!;
    const byte = codes!.data[Math.floor(i / 4) + (i % 4 < 2 ? 0 : words)]!;
    return levels[i % 2 ? byte % 16 : Math.floor(byte / 16)]!;
  };
  return [Float64Array.from({ length: sizeOf(shape) }, (_, i) => level(i) * scales!.data[Math.floor(i / blockSize)]!)];
};

/** The nearest integer, ties to even. */
const even = (value: number): number => (Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

/** The nearest half: the 11 leading bits, down to 2⁻²⁴ (IEEE 754-2019, binary16). */
function half(x: number): number {
  const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(x)))) - 10);
  const rounded = even(x / unit) * unit;
  return Math.abs(rounded) > 65504 ? Math.sign(x) * Infinity : rounded;
}

/** ONNX's DynamicQuantizeLinear (operator set 11) on x; the integer sums are exact. */
const matmulInt8: RuleOn<OpOf<'matmulInt8'>> = (_op, [x, codes, scales, bias], [m, n]) => {
  const [least, most] = [-maxOf(x!.data.map((value) => -value)), maxOf(x!.data)].map((value, i) =>
    i ? Math.max(value, 0) : Math.min(value, 0),
  ) as [number, number];
  const step = (most - least) / 255 || 1;
  const zero = even(-least / step);
  const levels = x!.data.map((value) => Math.max(0, Math.min(255, even(value / step) + zero)) - zero);
  const k = levels.length / m!;
  const out = Float64Array.from({ length: m! * n! }, (_, at) => {
    const [i, j] = [Math.floor(at / n!), at % n!];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += levels[i * k + l]! * codes!.data[l * n! + j]!;
    return sum * step * scales!.data[j]! + (bias?.data[j] ?? 0);
  });
  return [out];
};

/** ONNX's QuantizeLinear (operator set 10), then a product of whole numbers. */
const matmulQdq: RuleOn<OpOf<'matmulQdq'>> = ({ scale, zeroPoint }, [x, codes, scales, bias], [m, n]) => {
  const step = Math.fround(scale);
  const levels = x!.data.map((value) => Math.max(0, Math.min(255, even(value / step) + zeroPoint)) - zeroPoint);
  const k = levels.length / m!;
  const out = Float64Array.from({ length: m! * n! }, (_, at) => {
    const [i, j] = [Math.floor(at / n!), at % n!];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += levels[i * k + l]! * codes!.data[j * k + l]!;
    return (sum + (bias?.data[j] ?? 0)) * step * scales!.data[j]!;
  });
  return [out];
};

/** MatMulNBits of ONNX Runtime's contributed operators. */
const matmulInt4: RuleOn<OpOf<'matmulInt4'>> = ({ blockSize }, [x, codes, scales, zeroPoints], [m, n]) => {
  const k = x!.data.length / m!;
  const blocks = Math.ceil(k / blockSize);
  const nibble = (bytes: Tensor, row: number, bytesInRow: number, i: number): number => {
    const byte = bytes.data[row * bytesInRow + Math.floor(i / 2)]!;
    return i % 2 ? Math.floor(byte / 16) : byte % 16;
  };
  const weight = (j: number, l: number): number => {
    const block = Math.floor(l / blockSize);
    const zero = nibble(zeroPoints!, j, Math.ceil(blocks / 2), block);
    return (nibble(codes!, j, (blocks * blockSize) / 2, l) - zero) * scales!.data[j * blocks + block]!;
  };
  const out = Float64Array.from({ length: m! * n! }, (_, at) => {
    const [i, j] = [Math.floor(at / n!), at % n!];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += x!.data[i * k + l]! * weight(j, l);
    return sum;
  });
  return [out];
};

const rules: { [T in Exclude<OpType, 'input' | 'constant'>]: RuleOn<OpOf<T>> } = {
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  minimum: binary(Math.min),
  maximum: binary(Math.max),
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  erf: unary(erf),
  tanh: unary(Math.tanh),
  stopGradient: unary((x) => x),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  softplus: unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  relu: unary((x) => Math.max(x, 0)),
  gelu: unary((x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
  geluSlope: unary((x) => 0.5 * (1 + erf(x / Math.SQRT2)) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI)),
  cast: (op, [x]) => [op.to === 'f32' ? x!.data : x!.data.map(op.to === 'f16' ? half : Math.trunc)],
  matmul,
  matmulInt8,
  matmulQdq,
  matmulInt4,
  transpose: (op, [x], shape) => {
    const strides = stridesOf(x!.shape);
    return [
      gather(
        x!,
        offsets(
          shape,
          op.perm.map((axis) => strides[axis]!),
        ),
      ),
    ];
  },
  reshape: (_op, [x]) => [x!.data],
  slice: (op, [x], shape) => {
    const strides = stridesOf(x!.shape);
    return [gather(x!, offsets(shape, strides, op.start * strides[op.axis]!))];
  },
  concat: (op, inputs, shape) => {
    const strides = stridesOf(shape);
    const out = new Float64Array(sizeOf(shape));
    let start = 0;
    for (const x of inputs) {
      offsets(x.shape, strides, start * strides[op.axis]!).forEach((place, i) => (out[place] = x.data[i]!));
      start += x.shape[op.axis]!;
    }
    return [out];
  },
  expand: (_op, [x], shape) => [gather(x!, broadcastOffsets(x!.shape, shape))],
  sum: (_op, [x], shape) => {
    const out = new Float64Array(sizeOf(shape));
    broadcastOffsets(shape, x!.shape).forEach((place, i) => (out[place]! += x!.data[i]!));
    return [out];
  },
  softmax: overRows((row) => {
    const powers = row.map((value) => Math.exp(value - maxOf(row)));
    return powers.map((power) => power / sumOf(powers));
  }),
  logSoftmax: overRows((row) => {
    const most = maxOf(row);
    const total = most + Math.log(sumOf(row.map((value) => Math.exp(value - most))));
    return row.map((value) => value - total);
  }),
  keepLargest: (op, inputs, shape) =>
    overRows((row) => {
      const least = [...row].sort((a, b) => b - a)[op.count - 1]!;
      return row.map((value) => (value < least ? -1e30 : value));
    })(op, inputs, shape),
  layerNorm,
  dequantize,
  // The only one that the tests have.
  foreign: unary((x) => x * x + 1),
};

/**
 * The outputs of `graph` for the given inputs, by name. A value given for a named constant replaces its data.
 */
export function interpret(graph: Graph, feeds: Record<string, ArrayLike<number>>): Record<string, Tensor> {
  const made = new Map<number, Tensor>();
  for (const { op, inputs, outputs } of graph.nodes) {
    let results: Float64Array[];
    if (op.type === 'input' || op.type === 'constant') {
      const data = feeds[op.name] ?? (op.type === 'constant' ? Array.from(numbersOf(op.data), Number) : undefined);
      if (data?.length !== sizeOf(op.shape))
        throw new Error(`${op.name} needs ${sizeOf(op.shape)} numbers, not ${data?.length}`);
      results = [Float64Array.from(data)];
    } else {
      const rule = rules[op.type] as RuleOn<Op>;
      results = rule(
        op,
        inputs.map((v) => made.get(v.id)!),
        outputs[0]!.shape,
      );
    }
    outputs.forEach((v, i) => made.set(v.id, { shape: v.shape, data: results[i]! }));
  }
  return Object.fromEntries([...graph.outputs].map(([name, v]) => [name, made.get(v.id)!]));
}
