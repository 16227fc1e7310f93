/**
 * The pass that makes frozen linear layers multiply in fp16, which takes half the memory and has separate units on most
 * graphics cards.
 */
import { errors } from '../errors/errors.js';
import { toHalves } from '../core/float16.js';
import type { Builder } from '../ir/builder.js';
import type { Graph } from '../ir/graph.js';
import type { Value } from '../ir/value.js';
import { sizeOf } from '../ir/shape.js';
import { weightOfProduct, type FrozenWeight } from './frozenProducts.js';
import { rewriteGraph, type Rewrite } from './rewriteGraph.js';

/**
 * The norm that rows are scaled to. No product and no partial sum exceeds it times the norm of a weight's row or column
 * (Cauchy and Schwarz), so with `greatestLength` nothing overflows. A large norm keeps most of the values that are
 * small compared with their row: a device may flush numbers below 2⁻¹⁴ to zero.
 */
const rowLength = 64;
/** A float of 16 bits ends at 65504. */
const greatestLength = 65504 / rowLength;

/** The bits of a weight in halves. Throws a `UserError` where products by it might overflow. */
function halvesOf({ name }: FrozenWeight, numbers: Float32Array): Uint16Array {
  let squares = 0;
  for (let i = 0; i < numbers.length; i++) squares += numbers[i]! * numbers[i]!;
  // Of the whole matrix, which no row or column exceeds: in the largest of ViT-B it leaves numbers of 0.67 on average.
  if (squares > greatestLength ** 2) throw errors.weightBeyondHalf(name, Math.sqrt(squares));
  return toHalves(numbers);
}

/**
 * The graph with x · w + bias in fp16 wherever w is a frozen weight of two axes, or its transpose; the sums are cast
 * back to fp32. Each row of x is scaled to one norm first, and the product is scaled back. So neither the gradients of
 * a mean loss, which would vanish in fp16, nor an activation above 65504 need loss scaling.
 */
export const fp16Products = (graph: Graph): Graph => rewriteGraph(graph, inHalves);

function inHalves(b: Builder, copies: ReadonlyMap<Value, Value>): Rewrite {
  const weights = new Map<Value, Value>();
  const divided = new Map<Value, { rows: Value; factor: Value }>();

  const memo = <T>(known: Map<Value, T>, value: Value, make: () => T): T => {
    const made = known.get(value) ?? make();
    known.set(value, made);
    return made;
  };

  /**
   * In halves, with their `factor` [m, 1]: made once for all products of the same rows, e.g. queries, keys and values.
   */
  const rowsOf = (x: Value): { rows: Value; factor: Value } =>
    memo(divided, x, () => {
      const squares = b.add(b.sum(b.mul(x, x), [1]), b.scalar(1e-30));
      const factor = b.sqrt(b.scale(squares, rowLength ** -2));
      return { rows: b.cast(b.div(x, factor), 'f16'), factor };
    });

  /** In halves. One that is kept in fewer bits stays so, and is cast when it is made. */
  const halved = (value: Value, weight: FrozenWeight): Value =>
    memo(weights, value, () => {
      if (value.node.op.type === 'dequantize') return b.cast(copies.get(value)!, 'f16');
      const length = sizeOf(value.shape);
      return b.constant(
        `${weight.name}.fp16`,
        value.shape,
        {
          length,
          byteLength: 2 * length,
          read: () => weight.lend((numbers) => halvesOf(weight, numbers)),
          place: undefined,
        },
        'f16',
      );
    });

  return (node, copied) => {
    const { op, inputs } = node;
    const weight = weightOfProduct(node);
    if (!weight || op.type !== 'matmul') return undefined;
    const [x, , bias] = copied as [Value, Value, Value?];
    const { rows, factor } = rowsOf(x);
    const product = b.mul(b.cast(b.matmul(rows, halved(inputs[1]!, weight), { transB: op.transB }), 'f32'), factor);
    return [bias ? b.add(product, bias) : product];
  };
}
