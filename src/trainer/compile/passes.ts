/** Passes over a finished graph: each takes a graph and returns one with the same outputs. */
import { Graph } from '../ir/graph.js';
import type { Node, Value } from '../ir/value.js';

/** Drops what no output reads; inputs stay, so that the graph's signature does not change. */
export function eliminateDeadCode(graph: Graph): Graph {
  const live = new Set<Node>();
  const visit = (value: Value): void => {
    const pending = [value.node];
    for (let node = pending.pop(); node; node = pending.pop()) {
      if (live.has(node)) continue;
      live.add(node);
      pending.push(...node.inputs.map((input) => input.node));
    }
  };
  for (const value of graph.outputs.values()) visit(value);
  const kept = new Graph();
  kept.nodes.push(...graph.nodes.filter((node) => live.has(node) || node.op.type === 'input'));
  for (const [name, value] of graph.outputs) kept.outputs.set(name, value);
  return kept;
}
