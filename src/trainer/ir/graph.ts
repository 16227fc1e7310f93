/** The graph of the IR: typed values made by nodes, in an order in which they can be computed. */
import type { DType, Op, Shape } from './op.js';
import { shapeRule } from './shape.js';

/** One output of one node. */
export interface Value {
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly node: Node;
  /** Which output of `node` this is. */
  readonly index: number;
}

/** What a node was made for, e.g. for the backward pass of the block `vit.encoder.layer.3`. */
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

export class Graph {
  readonly nodes: Node[] = [];
  readonly outputs = new Map<string, Value>();
  #nextId = 0;

  /**
   * Appends a node and returns its values, typed by the op's shape rule. Throws `IrError` when the inputs do not fit.
   */
  append(op: Op, inputs: readonly Value[], region: Region = { pass: 'forward', part: 'rest' }): readonly Value[] {
    const outputs: Value[] = [];
    const node: Node = { op, inputs, outputs, region };
    for (const type of shapeRule(op, inputs))
      outputs.push({ id: this.#nextId++, ...type, node, index: outputs.length });
    this.nodes.push(node);
    return outputs;
  }

  /** Input nodes in the order they were made. */
  get inputs(): { name: string; shape: Shape; dtype: DType }[] {
    return this.nodes.flatMap((node) => (node.op.type === 'input' ? [node.op] : []));
  }
}
