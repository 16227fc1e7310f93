/** The printer: a graph as text, one node per line, for tests and debugging. */
import type { Graph } from './graph.js';
import type { Op } from './op.js';

function attributes(op: Op): string {
  const shown = Object.entries(op).filter(
    ([key]) =>
      !['type', 'data', 'shape', 'dtype'].includes(key) || (key === 'shape' && ['reshape', 'expand'].includes(op.type)),
  );
  const text = (value: unknown): string => (Array.isArray(value) ? `[${value.join(',')}]` : String(value));
  return shown.length ? ` {${shown.map(([key, value]) => `${key}=${text(value)}`).join(' ')}}` : '';
}

/** E.g. `%3:f32[2,4] = add(%1, %2)`; outputs follow as `-> loss = %9`. */
export function print(graph: Graph): string {
  const lines = graph.nodes.map((node) => {
    const left = node.outputs.map((v) => `%${v.id}:${v.dtype}[${v.shape.join(',')}]`).join(' ');
    return `${left} = ${node.op.type}(${node.inputs.map((v) => `%${v.id}`).join(', ')})${attributes(node.op)}`;
  });
  for (const [name, value] of graph.outputs) lines.push(`-> ${name} = %${value.id}`);
  return lines.join('\n');
}
