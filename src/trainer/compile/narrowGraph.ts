/** The pass that stores the frozen weights of a finished graph in fewer bits, layer by layer as a plan says. */
import type { Builder } from '../ir/builder.js';
import { check } from '../ir/check.js';
import type { Graph } from '../ir/graph.js';
import type { Node, Value } from '../ir/value.js';
import { numbersOf } from '../ir/op.js';
import { sizeOf } from '../ir/shape.js';
import { weightOfProduct } from './frozenProducts.js';
import type { NarrowWeights } from './narrowWeights.js';
import { int4Block, type Weight } from './narrowWeights.js';
import { eliminateDeadCode } from './passes.js';
import { rewriteGraph, type Rewrite } from './rewriteGraph.js';

/**
 * How a weight is stored: `int8` in 8 bits for each row and multiplied in fp32; `int8-static` in 7 bits, and what it is
 * multiplied by is rounded to 8 bits in a known range; `int4` in blocks of 4 bits.
 */
export type Storage = 'fp32' | 'fp16' | 'int8' | 'int8-static' | 'int4';

/** The bounds of the numbers that are rounded to 8 bits; what lies outside is cut off. */
export interface Range {
  low: number;
  high: number;
}

export interface NarrowPlan {
  /** Of the linear layer with that weight. */
  layer(weight: string): Storage;
  /** Of every other large weight, such as the positions. */
  table: Exclude<Storage, 'int4' | 'int8-static'>;
  /** The range of the rows that a weight is multiplied by; needed of those whose storage is `int8-static`. */
  range(weight: string): Range;
}

/** Smaller weights, and vectors such as biases and norms, stay as they are: they are few. */
const leastNumbers = 1024;

/** A linear layer x · wᵀ + bias with a frozen weight of its own: its weight. */
const layerWeight = (node: Node): Weight | undefined => {
  const [, weight] = node.inputs;
  return node.op.type === 'matmul' && node.op.transB && weightOfProduct(node) && weight!.node.op.type === 'constant'
    ? weight!.node.op
    : undefined;
};

/** The linear layers of a graph: the names of their weights, and the rows that each is multiplied by. */
export function linearLayers({ nodes }: Graph): { name: string; rows: Value }[] {
  return nodes.flatMap((node) => {
    const weight = layerWeight(node);
    return weight && sizeOf(weight.shape) >= leastNumbers ? [{ name: weight.name, rows: node.inputs[0]! }] : [];
  });
}

export function narrowGraph(graph: Graph, plan: NarrowPlan, weights: NarrowWeights): Graph {
  const narrow = eliminateDeadCode(rewriteGraph(graph, (b) => narrowed(b, graph, plan, weights)));
  check(narrow);
  return narrow;
}

function narrowed(b: Builder, graph: Graph, plan: NarrowPlan, weights: NarrowWeights): Rewrite {
  const layers = new Set(linearLayers(graph).map(({ name }) => name));
  /** A weight that a product in fp32 reads. */
  const stored = (weight: Weight, storage: Storage): Value | undefined => {
    const { name, shape } = weight;
    const halves = storage === 'fp16' && weights.halves(weight);
    if (halves) return b.cast(b.constant(name, shape, halves, 'f16'), 'f32');
    if (storage !== 'int8') return undefined;
    const { codes, scales, width } = weights.int8(weight);
    const rows = b.constant(name, [scales.length, width], codes);
    return b.dequantize(rows, b.constant(`${name}.scale`, [scales.length], scales), {
      bits: 8,
      blockSize: width,
      shape,
    });
  };
  const inInt4 = (x: Value, weight: Weight, bias: Value | undefined): Value => {
    const { name, shape } = weight;
    const [n, k] = shape as [number, number];
    const blocks = Math.ceil(k / int4Block);
    const { codes, scales, zeroPoints } = weights.int4(weight);
    const product = b.matmulInt4(x, {
      codes: b.constant(name, [n, blocks, int4Block / 2], codes),
      scales: b.cast(b.constant(`${name}.scale`, [n, blocks], scales, 'f16'), 'f32'),
      zeroPoints: b.constant(`${name}.zero_point`, [n, Math.ceil(blocks / 2)], zeroPoints),
      blockSize: int4Block,
    });
    return bias ? b.add(product, bias) : product;
  };
  const inBytes = (x: Value, weight: Weight, bias: Value | undefined): Value | undefined => {
    const { name, shape } = weight;
    const [n] = shape as [number];
    const { scale, zeroPoint } = gridOf(plan.range(name));
    const { codes, scales } = weights.int7(weight);
    const shift = bias && roundedBias(bias.node.op as Weight, scales, scale);
    if (bias && !shift) return undefined;
    return b.matmulQdq(x, b.constant(name, shape, codes), b.constant(`${name}.scale`, [n], scales), {
      scale,
      zeroPoint,
      bias: shift && b.constant(`${name}.bias`, [n], shift),
    });
  };
  return (node, inputs) => {
    const { op } = node;
    if (op.type === 'constant') {
      const isTable =
        op.dtype === 'f32' &&
        op.name !== '' &&
        !op.name.startsWith('pixel.') &&
        !layers.has(op.name) &&
        op.shape.filter((size) => size > 1).length > 1 &&
        sizeOf(op.shape) >= leastNumbers;
      const value = isTable && stored(op, plan.table);
      return value ? [value] : undefined;
    }
    const weight = layerWeight(node);
    if (!weight || !layers.has(weight.name) || op.type !== 'matmul') return undefined;
    const storage = plan.layer(weight.name);
    const [x, , bias] = inputs as [Value, Value, Value?];
    if (storage === 'int4') return [inInt4(x, weight, bias)];
    const product = storage === 'int8-static' ? inBytes(x, weight, bias) : undefined;
    if (product) return [product];
    const value = stored(weight, storage === 'int8-static' ? 'int8' : storage);
    return value && [b.matmul(x, value, { transB: true, ...(bias && { bias }) })];
  };
}

/** The scale and the zero point of bytes over a range, in which zero is exact. */
function gridOf({ low, high }: Range): { scale: number; zeroPoint: number } {
  const [least, most] = [Math.min(0, low), Math.max(0, high)];
  const scale = Math.fround((most - least) / 255) || 1;
  return { scale, zeroPoint: Math.min(255, Math.max(0, Math.round(-least / scale))) };
}

/** A bias in the unit of the sums of products; undefined where 32 bits do not hold it. */
function roundedBias({ data }: Weight, scales: Float32Array, scale: number): Int32Array | undefined {
  const whole = Array.from(numbersOf(data) as Float32Array, (value, i) => Math.round(value / (scale * scales[i]!)));
  return whole.every((code) => Math.abs(code) < 2 ** 31) ? Int32Array.from(whole) : undefined;
}
