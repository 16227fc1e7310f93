/** A graph copied node by node, with other nodes in the place of some. */
import { Builder } from '../ir/builder.js';
import type { Graph } from '../ir/graph.js';
import type { Node, Value } from '../ir/value.js';

/** What takes the place of a node's outputs, from the copies of its inputs; undefined where the node stays. */
export type Rewrite = (node: Node, inputs: readonly Value[]) => readonly Value[] | undefined;

/** `rewriteWith` gets the builder of the new graph, and the copies made so far by their values in the old one. */
export function rewriteGraph(
  graph: Graph,
  rewriteWith: (b: Builder, copies: ReadonlyMap<Value, Value>) => Rewrite,
): Graph {
  const b = new Builder();
  const copies = new Map<Value, Value>();
  const rewrite = rewriteWith(b, copies);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => copies.get(input)!);
    const outputs = b.within(node.region, () => rewrite(node, inputs) ?? b.again(node, inputs));
    outputs.forEach((copy, i) => copies.set(node.outputs[i]!, copy));
  }
  for (const [name, value] of graph.outputs) b.output(name, copies.get(value)!);
  return b.graph;
}
