/** The checker: the conditions that every graph satisfies after it is built and after every pass. */
import type { Graph } from './graph.js';
import type { Value } from './value.js';
import { sameShape, shapeRule } from './shape.js';

/**
 * Throws with the offending node when a value is used before it is computed, a type differs from the rule, or a name is
 * used twice.
 */
export function check(graph: Graph): void {
  const made = new Set<Value>();
  const names = new Set<string>();
  graph.nodes.forEach((node, place) => {
    const fail = (why: string): never => {
      throw new Error(`node ${place} (${node.op.type}): ${why}`);
    };
    for (const input of node.inputs) if (!made.has(input)) fail(`uses value ${input.id}, which is not made before it`);
    const types = shapeRule(node.op, node.inputs);
    if (types.length !== node.outputs.length) fail(`has ${node.outputs.length} outputs instead of ${types.length}`);
    node.outputs.forEach((output, i) => {
      if (output.node !== node || output.index !== i) fail(`output ${i} points elsewhere`);
      if (!sameShape(output.shape, types[i]!.shape) || output.dtype !== types[i]!.dtype)
        fail(`output ${i} has a type the rule does not give`);
      made.add(output);
    });
    if (node.op.type === 'input' || (node.op.type === 'constant' && node.op.name)) {
      if (names.has(node.op.name)) fail(`name ${node.op.name} is taken`);
      names.add(node.op.name);
    }
  });
  for (const [name, value] of graph.outputs) {
    if (!made.has(value)) throw new Error(`output ${name} is not made by the graph`);
    if (names.has(name)) throw new Error(`output ${name} has the name of an input or a constant`);
  }
}
