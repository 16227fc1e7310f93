/** What a node costs. */
import type { Node } from './value.js';
import { sizeOf } from './shape.js';

/**
 * Multiplications of a node's matrix product; of a foreign network at least those that its weights say, since each is
 * used for each image.
 */
export function multiplications({ op, inputs, outputs }: Node): number {
  if (op.type === 'foreign') return op.graph.weights * op.shape[0]!;
  return op.type === 'matmul' ? sizeOf(outputs[0]!.shape) * inputs[0]!.shape.at(op.transA ? -2 : -1)! : 0;
}
