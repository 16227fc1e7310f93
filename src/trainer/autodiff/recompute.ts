/**
 * Recomputation of activations (Chen et al., 2016, arXiv:1604.06174): the backward pass of a block recomputes its
 * forward values instead of holding them.
 */
import type { Builder } from '../ir/builder.js';
import type { Node, Value } from '../ir/value.js';
import { multiplications } from '../ir/multiplications.js';
import type { OpType } from '../ir/op.js';
import { sizeOf } from '../ir/shape.js';

/** The first element of a value, of shape []. */
function firstOf(b: Builder, x: Value): Value {
  return b.reshape(
    x.shape.reduce((part, _, axis) => b.slice(part, axis, 0, 1), x),
    [],
  );
}

/**
 * 1, of shape [], which ONNX Runtime computes after `values`: 1 + 0 · Σ of their first elements. A product with it is
 * therefore computed later, too.
 */
export function oneAfter(b: Builder, values: readonly Value[]): Value {
  return b.add(b.scalar(1), b.mul(b.scalar(0), values.map((value) => firstOf(b, value)).reduce(b.add)));
}

/**
 * The nodes that are cheap to recompute, each with the group that is recomputed together. They are the output of a
 * normalisation, whose input is held for its own gradient, and the attention weights, whose queries and keys are held
 * as well (as in Dao et al., 2022, arXiv:2205.14135). Attention weights count only if all their products are at most
 * `share` of the multiplications of the forward pass.
 */
export function cheapNodes(
  forward: readonly Node[],
  carries: ReadonlySet<Value>,
  share: number,
): Map<Node, readonly Node[]> {
  const isCarrying = ({ inputs }: Node): boolean => carries.has(inputs[0]!);
  const all = (type: OpType): Node[] => forward.filter(({ op }) => op.type === type);
  const attentions = all('softmax')
    .map(attentionWeights)
    .filter((nodes) => nodes.length);
  const work = (nodes: readonly Node[]): number => nodes.reduce((sum, node) => sum + multiplications(node), 0);
  const isCheap = work(attentions.flat()) <= share * work(forward);
  const groups = [...all('layerNorm').map((node) => [node]), ...(isCheap ? attentions : [])].filter(([node]) =>
    isCarrying(node!),
  );
  return new Map(groups.flatMap((nodes) => nodes.map((node) => [node, nodes])));
}

/** A softmax with the product that is its input, and additions between them; empty if its input is anything else. */
function attentionWeights(softmax: Node): Node[] {
  const nodes = [softmax];
  for (let { node } = softmax.inputs[0]!; ; { node } = node.inputs[0]!) {
    nodes.push(node);
    if (node.op.type === 'matmul') return nodes;
    if (node.op.type !== 'add') return [];
  }
}

const isLeaf = ({ node: { op } }: Value): boolean => op.type === 'input' || op.type === 'constant';

/**
 * Copies of the nodes of one part of the network that `isRecomputed` selects. Each copy is created when the backward
 * pass first needs it.
 *
 * ONNX Runtime would merge equal nodes, and may compute them early; either would undo the saving. So the copies depend
 * on `after`, values of the backward pass that are computed right before. If a copy would otherwise read only early
 * values, its smallest input is multiplied by 1 + 0 · Σ after.
 */
export class Recomputation {
  readonly #copies = new Map<Node, readonly Value[]>();
  readonly #late = new Set<Value>();
  #one: Value | undefined;

  constructor(
    private readonly b: Builder,
    readonly part: string,
    private readonly isRecomputed: (node: Node) => boolean,
    private readonly after: readonly Value[],
  ) {}

  /** The node whose inputs and outputs the rule of `node` reads. */
  of(node: Node): Node {
    return this.b.within({ pass: 'recompute', part: this.part }, () => ({
      ...node,
      inputs: node.inputs.map((input) => this.#value(input)),
      outputs: node.outputs.map((output) => this.#value(output)),
    }));
  }

  #value(value: Value): Value {
    if (isLeaf(value)) return value;
    const { node, index } = value;
    const known = this.#copies.get(node);
    if (known) return known[index]!;
    if (!this.isRecomputed(node)) {
      const remade = this.b.remade(value);
      if (remade !== value) this.#copies.set(node, [remade]);
      return remade;
    }
    const inputs = node.inputs.map((input) => this.#value(input));
    const copies = this.b.again(node, inputs.some((input) => this.#late.has(input)) ? inputs : this.#delayed(inputs));
    this.#copies.set(node, copies);
    copies.forEach((copy) => this.#late.add(copy));
    return copies[index]!;
  }

  #delayed(inputs: readonly Value[]): Value[] {
    const { b } = this;
    // A non-finite gradient makes the result non-finite, as it would without this factor.
    this.#one ??= oneAfter(b, this.after);
    const numbers = inputs.filter(({ dtype }) => dtype === 'f32');
    const smallest = numbers.reduce((a, c) => (sizeOf(c.shape) < sizeOf(a.shape) ? c : a));
    return inputs.map((input) => (input === smallest ? b.mul(input, this.#one!) : input));
  }
}
