/** Reverse-mode automatic differentiation: one walk back over the graph, guided by the table of rules. */
import type { Builder } from '../ir/builder.js';
import type { Node, Value } from '../ir/value.js';
import type { OpType } from '../ir/op.js';
import { cheapNodes, Recomputation } from './recompute.js';
import { rules, type Rule } from './rules.js';

/** The values that depend on any of `sources` through differentiable ops: only these carry a gradient. */
function dependants(nodes: readonly Node[], sources: readonly Value[]): Set<Value> {
  const found = new Set(sources);
  for (const node of nodes) {
    if (rules[node.op.type] !== 'constant' && node.inputs.some((v) => found.has(v)))
      for (const output of node.outputs) found.add(output);
  }
  return found;
}

export interface BackwardOptions {
  recomputes?: ReadonlySet<string>;
  cheapShare?: number;
}

/**
 * Appends the gradient of the scalar `loss` (shape []) to the builder's graph. Returns d loss / d parameter for each of
 * `parameters`, of the parameter's shape. `recomputes` names the parts of the network whose forward values are
 * recomputed instead of held. `cheapShare` selects the nodes that are recomputed in the other parts (`cheapNodes`);
 * without it, none are. Throws when the loss does not depend on a parameter, or depends on it through an op without a
 * gradient.
 */
export function backward(
  b: Builder,
  loss: Value,
  parameters: readonly Value[],
  { recomputes, cheapShare }: BackwardOptions = {},
): Value[] {
  if (loss.shape.length) throw new Error(`the loss must be a scalar, not [${loss.shape.join(',')}]`);
  const forward = [...b.graph.nodes];
  const carries = dependants(forward, parameters);
  const grads = new Map<Value, Value>([[loss, b.scalar(1)]]);
  // Values that do not depend on a trained parameter are not recomputed.
  const isOfPart = (part: string) => (node: Node) => node.region.part === part && carries.has(node.outputs[0]!);
  let recomputed: Recomputation | undefined;
  const pending = new Set<Value>();
  const cheap = cheapShare === undefined ? new Map<Node, readonly Node[]>() : cheapNodes(forward, carries, cheapShare);
  const cheapCopies = new Map<readonly Node[], Recomputation>();
  /** The node that the rule of `node` reads where only cheap nodes are recomputed. */
  const withCheapCopies = (node: Node, grad: Value): Node => {
    // The gradient of a normalisation reads its held input, and only the small ones of its outputs.
    if (node.op.type === 'layerNorm') return node;
    const group = cheap.get(node) ?? node.inputs.map((input) => cheap.get(input.node)).find((each) => each);
    if (!group) return node;
    const known =
      cheapCopies.get(group) ?? new Recomputation(b, node.region.part, (each) => group.includes(each), [grad]);
    cheapCopies.set(group, known);
    return known.of(node);
  };
  for (const node of forward.reverse()) {
    const [output, ...others] = node.outputs as [Value, ...Value[]];
    const grad = grads.get(output);
    if (others.some((v) => grads.has(v))) throw new Error(`${node.op.type}: only the first output has a gradient`);
    if (!grad || !node.inputs.some((v) => carries.has(v))) continue;
    const rule = rules[node.op.type] as Rule<OpType> | 'not differentiable' | 'constant';
    if (rule === 'constant') continue;
    if (rule === 'not differentiable')
      throw new Error(`${node.op.type} is not differentiable, but a parameter lies before it`);
    const { part } = node.region;
    // The backward pass of the previous part is finished by then: its values need not be held at the same time as the
    // recomputed ones.
    if (recomputed?.part !== part) {
      const before = [grad, ...parameters.flatMap((each) => grads.get(each) ?? [])].filter(
        (each) => !pending.has(each),
      );
      recomputed = recomputes?.has(part) ? new Recomputation(b, part, isOfPart(part), before) : undefined;
      if (recomputed) before.forEach((each) => pending.add(each));
    }
    const read = recomputed?.of(node) ?? withCheapCopies(node, grad);
    const needs = (i: number): boolean => carries.has(node.inputs[i]!);
    const region = { pass: 'backward', part } as const;
    const parts = b.within(region, () => rule(b, grad, { op: node.op, node: read, needs }));
    node.inputs.forEach((input, i) => {
      const grad = parts[i];
      if (!grad || !carries.has(input)) return;
      const sum = grads.get(input);
      grads.set(input, sum ? b.within(region, () => b.add(sum, grad)) : grad);
    });
  }
  return parameters.map((parameter) => {
    const grad = grads.get(parameter);
    if (!grad) throw new Error('the loss does not depend on a parameter');
    return grad;
  });
}
