/** The pass that makes frozen linear layers multiply in int8, which CPUs do about twice as fast as in fp32. */
import { oneAfter } from '../autodiff/recompute.js';
import type { Builder } from '../ir/builder.js';
import type { Graph } from '../ir/graph.js';
import type { Node, Value } from '../ir/value.js';
import { weightOfProduct, type FrozenWeight } from './frozenProducts.js';
import { rewriteGraph, type Rewrite } from './rewriteGraph.js';
import { sumsOfProducts } from './sumsOfProducts.js';
import type { WeightStore } from './weightStore.js';

/** With fewer rows than this, rounding them costs more than the product saves. */
const minRows = 64;

/**
 * The step of the finite difference of GELU that replaces its derivative. The error is at most 0.0016, since the second
 * derivative is below 0.8, plus 10⁻³ from rounding at x = 30; x and gradients are rounded to about a hundredth. The
 * derivative by its formula takes three times as long.
 */
const geluStep = 2 ** -8;

/** The weight of a product whose rows are worth their rounding. */
const weightOf = (node: Node): FrozenWeight | undefined =>
  node.op.type === 'matmul' && node.inputs[0]!.shape[0]! >= minRows ? weightOfProduct(node) : undefined;

/** One over the other. */
function joined(weights: readonly FrozenWeight[]): FrozenWeight {
  const total = weights.reduce((sum, { length }) => sum + length, 0);
  return {
    name: weights.map(({ name }) => name).join('+'),
    key: weights.map(({ key }) => key).join('+'),
    length: total,
    lend(use) {
      const all = new Float32Array(total);
      let end = 0;
      for (const { length, lend } of weights) {
        lend((numbers) => all.set(numbers, end));
        end += length;
      }
      return use(all);
    },
  };
}

/**
 * The graph with x · w + bias in whole numbers wherever w is a frozen weight of two axes. Products by w, rather than by
 * its transpose, are those of the backward pass. The rows of a gradient differ by orders of magnitude, as one image
 * or token matters more than another, so each is divided by its length first. Where only a product element by element
 * lies between two of them, as in an MLP, the rows stay divided. Those that are summed, as of queries, keys and values,
 * are one product. The slope of a GELU before such a product is made with it from two values, and held for the backward
 * pass in place of what GELU is of. `store` keeps the rounded weights for the next graph of the same model.
 */
export const int8Products = (graph: Graph, store: WeightStore): Graph =>
  rewriteGraph(graph, (b, copies) => inInt8(b, copies, graph, store));

function inInt8(b: Builder, copies: ReadonlyMap<Value, Value>, graph: Graph, store: WeightStore): Rewrite {
  const constants = new Map<string, { codes: Value; scales: Value }>();
  /** What a value is made of: rows of moderate size times a factor [m, 1]. */
  const inRows = new Map<Value, { rows: Value; factor: Value }>();

  const ofSlopes = new Set(graph.nodes.flatMap(({ op, inputs }) => (op.type === 'geluSlope' ? [inputs[0]!] : [])));
  /** By what GELU is of: its slope there, times the step. */
  const differences = new Map<Value, Value>();
  /** Slopes, and what they are made of. */
  const slopes = new Map<Value, Value>();

  /**
   * The scales, later than the slope of the GELU that `x` is: else ONNX Runtime would make that when it is read, and
   * hold two values until then.
   */
  const afterSlope = (x: Value, scales: Value): Value => {
    const [z] = x.node.inputs;
    if (x.node.op.type !== 'gelu' || !ofSlopes.has(z!)) return scales;
    const difference = b.sub(b.gelu(b.add(copies.get(z!)!, b.scalar(geluStep))), copies.get(x)!);
    differences.set(z!, difference);
    return b.mul(scales, oneAfter(b, [difference]));
  };

  const matrix = (
    { name, key: numbersKey, lend }: FrozenWeight,
    k: number,
    n: number,
    isTransposed: boolean,
  ): { codes: Value; scales: Value } => {
    const suffix = isTransposed ? 'int8' : 'int8.back';
    const key = `${name}.${suffix}`;
    const known = constants.get(key);
    if (known) return known;
    const weight = store.rounded(`${numbersKey}.${suffix}`, lend, [k, n], isTransposed);
    const values = {
      codes: b.constant(key, [k, n], weight.codes, 'i8'),
      scales: b.constant(`${key}.scales`, [n], weight.scales),
    };
    constants.set(key, values);
    return values;
  };

  const dividedByRow = (x: Value): { rows: Value; factor: Value } => {
    const { op, inputs } = x.node;
    const before = op.type === 'mul' ? inRows.get(inputs[0]!) : undefined;
    const slope = slopes.get(inputs[1]!);
    if (before && slope) return { rows: b.mul(before.rows, slope), factor: b.scale(before.factor, 1 / geluStep) };
    if (before) return { rows: b.mul(before.rows, inputs[1]!), factor: before.factor };
    const factor = b.sqrt(b.add(b.sum(b.mul(x, x), [1]), b.scalar(1e-30)));
    return { rows: b.mul(x, b.div(b.scalar(1), factor)), factor };
  };

  const isBackward = (node: Node): boolean =>
    node.op.type === 'matmul' && !node.op.transB && weightOf(node) !== undefined;
  const sums = sumsOfProducts(graph, isBackward);

  const backwardProduct = (x: Value, weight: FrozenWeight, width: number): Value => {
    const { codes, scales } = matrix(weight, x.shape[1]!, width, false);
    const { rows, factor } = dividedByRow(x);
    const product = b.matmulInt8(rows, codes, scales);
    const result = b.mul(product, factor);
    inRows.set(result, { rows: product, factor });
    return result;
  };

  return (node, copied) => {
    const { op, inputs, outputs } = node;
    const [x, , bias] = copied;
    const difference = op.type === 'geluSlope' && differences.get(inputs[0]!);
    if (difference) {
      const slope = b.scale(difference, 1 / geluStep);
      slopes.set(slope, difference);
      return [slope];
    }
    const width = outputs[0]?.shape[1];
    const sum = sums.get(node);
    if (sum) {
      const factors = sum.products.map(({ inputs: [factor] }) => copies.get(factor!)!);
      const product = backwardProduct(
        b.concat(1, ...factors),
        joined(sum.products.map((each) => weightOf(each)!)),
        width!,
      );
      return [sum.rest.reduce((all, value) => b.add(all, copies.get(value)!), product)];
    }
    const weight = weightOf(node);
    if (!weight) return undefined;
    if (isBackward(node)) return [backwardProduct(x!, weight, width!)];
    const { codes, scales } = matrix(weight, x!.shape[1]!, width!, true);
    return [b.matmulInt8(x!, codes, afterSlope(inputs[0]!, scales), bias)];
  };
}
