/** The cost of a node in multiplications. */
import type { Node } from './value.js';
import { sizeOf } from './shape.js';

/**
 * Multiplications of a node's matrix product. For a foreign network it is a lower bound: one per weight and image.
 */
export function multiplications({ op, inputs, outputs }: Node): number {
  if (op.type === 'foreign') return op.graph.weights * op.shape[0]!;
  return op.type === 'matmul' ? sizeOf(outputs[0]!.shape) * inputs[0]!.shape.at(op.transA ? -2 : -1)! : 0;
}
