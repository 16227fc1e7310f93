/** Finds the sizes that depend on the batch by comparing a graph with the same graph built for twice the batch. */
import { isDeepStrictEqual } from 'node:util';
import type { Graph } from '../ir/graph.js';
import type { Node, Value } from '../ir/value.js';
import type { Op, Shape } from '../ir/op.js';
import type { Emitter } from './emitter.js';

const openName = 'batch';

/**
 * The part of an op that must not depend on the batch: everything except shapes that are computed from the batch at run
 * time. Weights are compared by name.
 */
function fixedPart(op: Op): unknown {
  if (op.type === 'constant') return op.name ? { ...op, data: op.data.length } : op;
  return 'shape' in op ? { ...op, shape: op.shape.length } : op;
}

export class OpenSizes {
  readonly #twins = new Map<Node, Node>();
  readonly #input: string;
  readonly #batch: number;
  /** Names of one-element vectors that contain a multiple of the batch. */
  readonly #multiples = new Map<number, string>();
  #size?: string;

  /**
   * Throws (a bug) if anything but sizes depends on the batch. Build for a batch above one, since builders leave out
   * ops that change nothing.
   */
  constructor(graph: Graph, twin: Graph) {
    if (graph.nodes.length !== twin.nodes.length) throw new Error('a larger batch has other nodes');
    graph.nodes.forEach((node, i) => {
      const other = twin.nodes[i]!;
      if (!isDeepStrictEqual(fixedPart(node.op), fixedPart(other.op)))
        throw new Error(`node ${i} (${node.op.type}) depends on the batch`);
      this.#twins.set(node, other);
    });
    const input = graph.nodes.find((node) => node.op.type === 'input' && this.#open(node.outputs[0]!).includes(true));
    if (input?.op.type !== 'input') throw new Error('no input depends on the batch');
    this.#input = input.op.name;
    this.#batch = input.op.shape[0]!;
  }

  /** The sizes of a value that grow with the batch. */
  #open(value: Value): boolean[] {
    const other = this.#twins.get(value.node)!.outputs[value.index]!.shape;
    return value.shape.map((size, axis) => {
      if (other[axis] === size) return false;
      if (other[axis] !== 2 * size)
        throw new Error(`a size of ${value.node.op.type} is ${size}, and ${other[axis]} for twice the batch`);
      return true;
    });
  }

  /** The shape of an input or output; an open size is a name. */
  signature(value: Value): (number | string)[] {
    const open = this.#open(value);
    return value.shape.map((size, axis) => (open[axis] ? openName : size));
  }

  /**
   * Name of the vector with the output shape of `node`: a constant where possible, else computed from the batch.
   */
  shape(e: Emitter, node: Node, shape: Shape): string {
    const open = this.#open(node.outputs[0]!);
    if (!open.includes(true)) return e.integers(shape);
    // A reshape may leave one size to be inferred.
    if (node.op.type === 'reshape' && open.indexOf(true) === open.lastIndexOf(true))
      return e.integers(shape.map((size, axis) => (open[axis] ? -1 : size)));
    const parts = shape.map((size, axis) => (open[axis] ? this.#multiple(e, size / this.#batch) : e.integers([size])));
    const whole = e.fresh();
    e.node('Concat', parts, [whole], { axis: 0 });
    return whole;
  }

  /** Name of the vector that contains the batch. */
  #batchOf(e: Emitter): string {
    const size = e.fresh();
    if (e.opset >= 15) e.node('Shape', [this.#input], [size], { start: 0, end: 1 });
    else {
      const whole = e.fresh();
      e.node('Shape', [this.#input], [whole]);
      e.node('Slice', [whole, e.integers([0]), e.integers([1])], [size]);
    }
    return size;
  }

  #multiple(e: Emitter, factor: number): string {
    this.#size ??= this.#batchOf(e);
    const known = factor === 1 ? this.#size : this.#multiples.get(factor);
    if (known !== undefined) return known;
    const name = e.fresh();
    e.node('Mul', [this.#size, e.integers([factor])], [name]);
    this.#multiples.set(factor, name);
    return name;
  }
}
