/** Sums of products that are one product: x₁ · w₁ + x₂ · w₂ = (x₁ x₂) · (w₁ over w₂). */
import type { Graph } from '../ir/graph.js';
import type { Node, Value } from '../ir/value.js';
import { sameShape } from '../ir/shape.js';

export interface SumOfProducts {
  /** Two or more, which nothing else reads. */
  products: readonly Node[];
  /** What else is summed. */
  rest: readonly Value[];
}

/** Of every sum with several of the products that `isProduct` names, its last addition and what it is of. */
export function sumsOfProducts(
  { nodes, outputs }: Graph,
  isProduct: (node: Node) => boolean,
): Map<Node, SumOfProducts> {
  const readers = new Map<Value, number>();
  for (const value of [...nodes.flatMap(({ inputs }) => inputs), ...outputs.values()])
    readers.set(value, (readers.get(value) ?? 0) + 1);
  const within = new Set<Node>();
  const found = new Map<Node, SumOfProducts>();
  for (const sum of [...nodes].reverse()) {
    if (sum.op.type !== 'add' || within.has(sum)) continue;
    const { shape } = sum.outputs[0]!;
    const isOfSumAlone = (value: Value): boolean => readers.get(value) === 1 && sameShape(value.shape, shape);
    const terms = (value: Value): Value[] => {
      if (value.node !== sum && (value.node.op.type !== 'add' || !isOfSumAlone(value))) return [value];
      within.add(value.node);
      return value.node.inputs.flatMap(terms);
    };
    const all = terms(sum.outputs[0]!);
    const joined = all.filter((value) => isProduct(value.node) && isOfSumAlone(value));
    if (joined.length > 1)
      found.set(sum, {
        products: joined.map(({ node }) => node),
        rest: all.filter((value) => !joined.includes(value)),
      });
  }
  return found;
}
