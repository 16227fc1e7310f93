/** The graph of the IR: nodes and their typed values, in an order in which they can be computed. */
import type { Value, Region, Node } from './value.js';
import type { DType, Op, Shape } from './op.js';
import { shapeRule } from './shape.js';

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

  /** Input nodes in the order of their creation. */
  get inputs(): { name: string; shape: Shape; dtype: DType }[] {
    return this.nodes.flatMap((node) => (node.op.type === 'input' ? [node.op] : []));
  }
}
