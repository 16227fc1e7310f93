/** The values and nodes that a graph is made of. */
import type { DType, Op, Shape } from './op.js';

/** One output of one node. */
export interface Value {
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly node: Node;
  /** Which output of `node` this is. */
  readonly index: number;
}

/** The purpose of a node, e.g. the backward pass of the block `vit.encoder.layer.3`. */
export interface Region {
  pass: 'forward' | 'recompute' | 'backward' | 'update';
  /** A block's name, `head`, or `rest`. */
  part: string;
}

export interface Node {
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly region: Region;
}
