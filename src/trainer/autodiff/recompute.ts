/**
 * Recomputation of activations (Chen et al., 2016, arXiv:1604.06174): the backward pass of a block makes its forward
 * values anew rather than reads those held since.
 */
import type { Builder } from '../ir/builder.js';
import type { Node, Value } from '../ir/value.js';
import { multiplications } from '../ir/multiplications.js';
import type { OpType } from '../ir/op.js';
import { sizeOf } from '../ir/shape.js';

/** The first number of a value, of shape []. */
function firstOf(b: Builder, x: Value): Value {
  return b.reshape(
    x.shape.reduce((part, _, axis) => b.slice(part, axis, 0, 1), x),
    [],
  );
}

/**
 * 1, of shape [], which ONNX Runtime makes after `values`: 1 + 0 · Σ of their first numbers. What is multiplied by it
 * is made later, too.
 */
export function oneAfter(b: Builder, values: readonly Value[]): Value {
  return b.add(b.scalar(1), b.mul(b.scalar(0), values.map((value) => firstOf(b, value)).reduce(b.add)));
}

/**
 * What costs little to make twice, by what is made anew together: the output of a normalisation, whose input is held
 * for its own gradient, and the weights of an attention, whose queries and keys are (as in Dao et al., 2022,
 * arXiv:2205.14135), where all these products are at most `share` of the multiplications of the forward pass.
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

/** A softmax and what it is of: a product, to which something may be added. None where it is of anything else. */
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
 * Nodes of one part of the network again, those that `isMadeAnew` names, each made when the backward pass first asks
 * for it.
 *
 * ONNX Runtime would merge equal nodes, and is free to compute them early; either would undo the saving. So the copies
 * depend on `after`, values of the backward pass that are made right before: where a copy would otherwise read nothing
 * late, its smallest input is multiplied by 1 + 0 · Σ after.
 */
export class Recomputation {
  readonly #copies = new Map<Node, readonly Value[]>();
  readonly #late = new Set<Value>();
  #one: Value | undefined;

  constructor(
    private readonly b: Builder,
    readonly part: string,
    private readonly isMadeAnew: (node: Node) => boolean,
    private readonly after: readonly Value[],
  ) {}

  /** The node whose inputs and outputs the rule of `node` should read. */
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
    if (!this.isMadeAnew(node)) {
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
    // A gradient that is not finite makes a result that is none, as it does without this.
    this.#one ??= oneAfter(b, this.after);
    const numbers = inputs.filter(({ dtype }) => dtype === 'f32');
    const smallest = numbers.reduce((a, c) => (sizeOf(c.shape) < sizeOf(a.shape) ? c : a));
    return inputs.map((input) => (input === smallest ? b.mul(input, this.#one!) : input));
  }
}
